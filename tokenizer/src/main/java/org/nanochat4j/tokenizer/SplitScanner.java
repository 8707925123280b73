package org.nanochat4j.tokenizer;

/**
 * The split pattern of the GPT-4 family, by hand: cuts UTF-8 text into the pieces that byte-pair merges never cross.
 *
 * <p>Equal to matching {@link #PATTERN} leftmost-first with Unicode classes, but reads each byte about once and needs no
 * matcher. Letters and numbers are the general categories L and N of the running JDK, white space is the Unicode
 * property White_Space (so U+0085 is and U+001C is not).
 */
final class SplitScanner {

    /** Alternatives in order: contraction, word, number, punctuation, line ends, trailing space, space. */
    static final String PATTERN = "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,2}"
            + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";

    private static final byte OTHER = 0;
    private static final byte LETTER = 1;
    private static final byte NUMBER = 2;
    private static final byte SPACE = 3;
    private static final byte NEWLINE = 4;

    /** Class per code point of the basic multilingual plane; the others are asked of {@link Character} one by one. */
    private static final byte[] CLASSES = new byte[0x10000];

    static {
        for (int codePoint = 0; codePoint < CLASSES.length; codePoint++) {
            CLASSES[codePoint] = classOf(codePoint);
        }
    }

    private SplitScanner() {}

    /**
     * The end of the piece that starts at {@code from}.
     *
     * @param utf8 well-formed UTF-8, {@code from} at the start of a character
     * @param from first byte of the piece, less than {@code to}
     * @param to end of the text
     */
    static int pieceEnd(byte[] utf8, int from, int to) {
        byte first = utf8[from];
        int kind = classAt(utf8, from);
        int next = from + width(first);
        if (kind == LETTER) {
            return skip(LETTER, utf8, next, to);
        }
        if (kind == NUMBER) {
            return next < to && classAt(utf8, next) == NUMBER ? next + width(utf8[next]) : next;
        }
        if (kind == NEWLINE) {
            return spaceEnd(utf8, from, to);
        }
        if (next == to) {
            return to;
        }
        if (first == '\'') {
            int end = contractionEnd(utf8, next, to);
            if (end > next) {
                return end;
            }
        }
        int following = classAt(utf8, next);
        if (following == LETTER) {
            return skip(LETTER, utf8, next + width(utf8[next]), to);
        }
        if (kind == OTHER || (first == ' ' && following == OTHER)) {
            return skip(NEWLINE, utf8, skip(OTHER, utf8, next, to), to);
        }
        return spaceEnd(utf8, from, to);
    }

    /** End of a contraction whose apostrophe stands before {@code at}, or {@code at} if there is none. */
    private static int contractionEnd(byte[] utf8, int at, int to) {
        int letter = utf8[at] | 0x20;
        if (letter == 's' || letter == 'd' || letter == 'm' || letter == 't') {
            return at + 1;
        }
        if (at + 1 == to) {
            return at;
        }
        int second = utf8[at + 1] | 0x20;
        boolean two = (letter == 'l' && second == 'l') || ((letter == 'v' || letter == 'r') && second == 'e');
        // U+017F, the long s, is the only other character whose simple case folding is one of these letters.
        boolean longS = utf8[at] == (byte) 0xC5 && utf8[at + 1] == (byte) 0xBF;
        return two || longS ? at + 2 : at;
    }

    /**
     * A run of white space ends after its last line end; without one, before its last character, which then belongs to
     * the following word, unless it is the only one or the text ends here.
     */
    private static int spaceEnd(byte[] utf8, int from, int to) {
        int afterLineEnd = from;
        int last = from;
        int at = from;
        while (at < to) {
            int kind = classAt(utf8, at);
            if (kind != SPACE && kind != NEWLINE) {
                break;
            }
            last = at;
            at += width(utf8[at]);
            if (kind == NEWLINE) {
                afterLineEnd = at;
            }
        }
        if (afterLineEnd > from) {
            return afterLineEnd;
        }
        return at == to || last == from ? at : last;
    }

    private static int skip(int kind, byte[] utf8, int from, int to) {
        int at = from;
        while (at < to && classAt(utf8, at) == kind) {
            at += width(utf8[at]);
        }
        return at;
    }

    private static int classAt(byte[] utf8, int at) {
        byte lead = utf8[at];
        return lead >= 0 ? CLASSES[lead] : wideClassAt(utf8, at, lead);
    }

    private static int wideClassAt(byte[] utf8, int at, byte lead) {
        int second = utf8[at + 1] & 0x3F;
        if (lead < (byte) 0xE0) {
            return CLASSES[(lead & 0x1F) << 6 | second];
        }
        int third = utf8[at + 2] & 0x3F;
        if (lead < (byte) 0xF0) {
            return CLASSES[(lead & 0x0F) << 12 | second << 6 | third];
        }
        return classOf((lead & 0x07) << 18 | second << 12 | third << 6 | (utf8[at + 3] & 0x3F));
    }

    /** Bytes of the character with this lead byte. */
    private static int width(byte lead) {
        if (lead >= 0) {
            return 1;
        }
        return lead < (byte) 0xE0 ? 2 : lead < (byte) 0xF0 ? 3 : 4;
    }

    private static byte classOf(int codePoint) {
        if (codePoint == '\r' || codePoint == '\n') {
            return NEWLINE;
        }
        if ((codePoint >= 0x09 && codePoint <= 0x0D) || codePoint == 0x85) {
            return SPACE;
        }
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> SPACE;
            default -> OTHER;
        };
    }
}
