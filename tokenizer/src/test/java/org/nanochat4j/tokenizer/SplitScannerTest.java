package org.nanochat4j.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the split scanner equals the regular expression")
class SplitScannerTest {

    private static final Pattern REGEX = Pattern.compile(SplitScanner.PATTERN, Pattern.UNICODE_CHARACTER_CLASS);

    /** Where alternatives meet: letters of contractions and their foldings, spaces, digits, marks, astral planes. */
    private static final int[] TRICKY =
            "sSdDmMtTlLvVeErRkK''''''  \t\r\n\r\n019,._-!\u0085\u00A0\u1680\u2003\u2028\u2029\u202F\u205F\u3000\u001C\u001F\u000B\u180E\u200B\uFEFF\u017F\u212A\u00DF\u1E9E\u0130\u0131\u00B2\u0663\u2160\u3007\u4E2D\u0301\u200D\u2019\uD83C\uDF0D\uD835\uDC00\uD835\uDFCE\uD800\uDD40\uD83D\uDE00\uFFFD"
                    .codePoints()
                    .toArray();

    @Test
    @DisplayName("golden splits of the specification")
    void goldenSplits() {
        assertEquals(List.of("Numbers", ":", " ", "12", "3", ",", " ", "45", "67"), split("Numbers: 123, 4567"));
        assertEquals(
                List.of("a", " ", " b", "  ", " c", "\n\n\n", " ", " d", " \t\r\n", " x"),
                split("a  b   c\n\n\n  d \t\r\n x"));
        assertEquals(List.of("don", "'T", " I", "'LL"), split("don'T I'LL"));
        assertEquals(List.of("10", "00", "00", " ", "3", ".", "14", "  "), split("100000 3.14  "));
        assertEquals(
                List.of("foo", "_bar", "(x", "){\n", "   ", " return", " x", ";\n", "}\n\n"),
                split("foo_bar(x){\n    return x;\n}\n\n"));
        assertEquals(List.of("  \n", " ", " a"), split("  \n  a"));
        assertEquals(List.of("你好世界", " 🌍", " naïve"), split("你好世界 🌍 naïve"));
        assertEquals(List.of("'ſ", "x"), split("'ſx"));
        assertEquals(List.of(), split(""));
    }

    @Test
    @DisplayName("every code point, alone and in company")
    void everyCodePoint() {
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
                String character = Character.toString(codePoint);
                assertSameSplit(character + "a " + character + character + " 1" + character);
            }
        }
    }

    @Test
    @DisplayName("random strings of tricky characters")
    void trickyStrings() {
        Random random = new Random(7);
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(12); n >= 0; n--) {
                text.appendCodePoint(TRICKY[random.nextInt(TRICKY.length)]);
            }
            assertSameSplit(text.toString());
        }
    }

    @Test
    @DisplayName("random strings of any characters")
    void anyStrings() {
        Random random = new Random(11);
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(30); n >= 0; n--) {
                int codePoint = random.nextInt(random.nextBoolean() ? 0x250 : Character.MAX_CODE_POINT + 1);
                boolean surrogate = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
                text.appendCodePoint(surrogate ? ' ' : codePoint);
            }
            assertSameSplit(text.toString());
        }
    }

    private static void assertSameSplit(String text) {
        List<String> expected = new ArrayList<>();
        for (Matcher matcher = REGEX.matcher(text); matcher.find(); ) {
            expected.add(matcher.group());
        }
        assertEquals(
                expected,
                split(text),
                () -> text.codePoints().mapToObj(Integer::toHexString).toList().toString());
    }

    private static List<String> split(String text) {
        byte[] utf8 = Utf8.encode(text);
        List<String> pieces = new ArrayList<>();
        for (int from = 0; from < utf8.length; ) {
            int to = SplitScanner.pieceEnd(utf8, from, utf8.length);
            pieces.add(new String(utf8, from, to - from, StandardCharsets.UTF_8));
            from = to;
        }
        return pieces;
    }
}
