package org.nanochat4j.tokenizer;

import java.nio.charset.StandardCharsets;

/** Strings to UTF-8 as the reference sees them: an unpaired surrogate is U+FFFD, where the JDK would write '?'. */
final class Utf8 {

    private Utf8() {}

    static byte[] encode(String text) {
        int unpaired = firstUnpairedSurrogate(text);
        return (unpaired < 0 ? text : repaired(text, unpaired)).getBytes(StandardCharsets.UTF_8);
    }

    private static int firstUnpairedSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!pairAt(text, i)) {
                    return i;
                }
                i++;
            }
        }
        return -1;
    }

    private static boolean pairAt(String text, int i) {
        return i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
    }

    private static String repaired(String text, int from) {
        StringBuilder repaired = new StringBuilder(text);
        for (int i = from; i < repaired.length(); i++) {
            int codePoint = repaired.codePointAt(i);
            if (codePoint >= Character.MIN_SUPPLEMENTARY_CODE_POINT) {
                i++;
            } else if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                repaired.setCharAt(i, '\uFFFD');
            }
        }
        return repaired.toString();
    }
}
