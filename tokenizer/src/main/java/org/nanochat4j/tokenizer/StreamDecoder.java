package org.nanochat4j.tokenizer;

/**
 * Decodes tokens as they arrive, holding back the bytes of a character that is not complete yet.
 *
 * <p>Every maximal ill-formed sequence becomes one U+FFFD (Unicode 16, section 3.9, table 3-7), as in Python; the JDK's
 * own decoder replaces an encoded surrogate by one character instead of three. Not safe for use by several threads.
 */
public final class StreamDecoder {

    private static final char REPLACEMENT = '\uFFFD';

    private final Tokenizer tokenizer;
    private int codePoint;
    private int missing;
    private int lowest = 0x80;
    private int highest = 0xBF;

    StreamDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * The text that this token completes; empty when it ends within a character.
     *
     * @param id token id
     * @return characters that are complete now
     * @throws TokenizerException if the id is not in the vocabulary
     */
    public String append(int id) {
        StringBuilder text = new StringBuilder();
        append(tokenizer.tokenView(id), text);
        return text.toString();
    }

    /** {@return what the held-back bytes amount to at the end of the stream: nothing, or one U+FFFD} */
    public String finish() {
        boolean incomplete = missing > 0;
        reset();
        return incomplete ? String.valueOf(REPLACEMENT) : "";
    }

    void append(byte[] bytes, StringBuilder text) {
        for (byte signed : bytes) {
            int unit = signed & 0xFF;
            if (missing > 0) {
                if (unit >= lowest && unit <= highest) {
                    continueCharacter(unit, text);
                    continue;
                }
                // The sequence so far is ill-formed; this byte starts anew.
                text.append(REPLACEMENT);
                reset();
            }
            startCharacter(unit, text);
        }
    }

    private void startCharacter(int unit, StringBuilder text) {
        if (unit < 0x80) {
            text.append((char) unit);
        } else if (unit >= 0xC2 && unit <= 0xDF) {
            expect(1, unit & 0x1F, 0x80, 0xBF);
        } else if (unit >= 0xE0 && unit <= 0xEF) {
            // No overlong forms after E0, no surrogates after ED.
            expect(2, unit & 0x0F, unit == 0xE0 ? 0xA0 : 0x80, unit == 0xED ? 0x9F : 0xBF);
        } else if (unit >= 0xF0 && unit <= 0xF4) {
            // No overlong forms after F0, nothing above U+10FFFF after F4.
            expect(3, unit & 0x07, unit == 0xF0 ? 0x90 : 0x80, unit == 0xF4 ? 0x8F : 0xBF);
        } else {
            text.append(REPLACEMENT);
        }
    }

    private void continueCharacter(int unit, StringBuilder text) {
        expect(missing - 1, codePoint << 6 | (unit & 0x3F), 0x80, 0xBF);
        if (missing == 0) {
            text.appendCodePoint(codePoint);
        }
    }

    private void expect(int bytes, int bits, int low, int high) {
        missing = bytes;
        codePoint = bits;
        lowest = low;
        highest = high;
    }

    private void reset() {
        expect(0, 0, 0x80, 0xBF);
    }
}
