package org.nanochat4j.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The byte alphabet of GPT-2, in which {@code tokenizer.json} spells tokens: a printable character per byte. Printable
 * Latin-1 stands for itself, the other bytes in order for U+0100 and the characters after it.
 */
final class ByteAlphabet {

    private static final char[] LETTERS = new char[256];
    private static final short[] BYTES = new short[256 + 68];

    static {
        Arrays.fill(BYTES, (short) -1);
        int others = 0;
        for (int unit = 0; unit < 256; unit++) {
            boolean printable =
                    (unit >= '!' && unit <= '~') || (unit >= 0xA1 && unit <= 0xAC) || (unit >= 0xAE && unit <= 0xFF);
            LETTERS[unit] = (char) (printable ? unit : 256 + others++);
            BYTES[LETTERS[unit]] = (short) unit;
        }
    }

    private ByteAlphabet() {}

    static String spell(byte[] bytes, int from, int to) {
        char[] letters = new char[to - from];
        for (int i = 0; i < letters.length; i++) {
            letters[i] = LETTERS[bytes[from + i] & 0xFF];
        }
        return new String(letters);
    }

    /** The bytes of a word of this alphabet, or null if a character is not of it. */
    static byte @Nullable [] read(String word) {
        byte[] bytes = new byte[word.length()];
        for (int i = 0; i < bytes.length; i++) {
            char letter = word.charAt(i);
            if (letter >= BYTES.length || BYTES[letter] < 0) {
                return null;
            }
            bytes[i] = (byte) BYTES[letter];
        }
        return bytes;
    }
}
