package org.nanochat4j.train.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Strict UTF-8: text is decoded exactly or refused with the offset of the first wrong byte. */
final class Utf8 {

    /** Result of {@link #firstError} for valid input. */
    static final int VALID = -1;

    private Utf8() {}

    /**
     * Offset of the first byte, from {@code from}, that does not belong to valid UTF-8, or {@link #VALID}.
     *
     * @param decoded the lenient decoding of the same bytes: without a replacement character in it nothing can be wrong, which
     *     makes the check free for nearly every text
     */
    static int firstError(byte[] bytes, int from, int length, String decoded) {
        if (decoded.indexOf('\uFFFD') < 0) {
            return VALID;
        }
        var decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        var in = ByteBuffer.wrap(bytes, from, length);
        var out = CharBuffer.allocate(length);
        CoderResult result = decoder.decode(in, out, true);
        return result.isError() ? in.position() - from : VALID;
    }

    /** Number of characters as Python counts them: code points. */
    static long codePoints(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Number of bytes of the text in UTF-8. */
    static long bytes(String text) {
        long n = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // a surrogate pair is four bytes: two for either half
            n += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return n;
    }
}
