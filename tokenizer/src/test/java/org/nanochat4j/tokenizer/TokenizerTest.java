package org.nanochat4j.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("tokenizer")
class TokenizerTest {

    private static final String MULTILINGUAL =
            "Hello, Wörld! 你好世界 🌍👩‍👩‍👧 Здравствуй мир — नमस्ते, שלום\n\tx = 3.14159;\r\n  'tis don't I'LL  ";

    private final Tokenizer tokenizer = TestVocabulary.english();

    @Test
    @DisplayName("merges join the lowest rank first, leftmost on ties")
    void mergeFacts() {
        Tokenizer small = TestVocabulary.of("aa", "aaa");
        assertArrayEquals(new int[] {257}, small.encode("aaa"));
        assertArrayEquals(new int[] {256, 256}, small.encode("aaaa"));
        assertArrayEquals(new int[] {256, 257}, small.encode("aaaaa"));
    }

    @Test
    @DisplayName("random texts round-trip and equal rank-order merging by definition, short pieces and long")
    void equalsDefinition() {
        Random random = new Random(5);
        for (int round = 0; round < 3000; round++) {
            StringBuilder text = new StringBuilder();
            int longest = round % 50 == 0 ? 1500 : 60;
            for (int n = random.nextInt(longest); n >= 0; n--) {
                text.append(SYLLABLES.get(random.nextInt(longest == 60 ? SYLLABLES.size() : 8)));
            }
            int[] ids = tokenizer.encode(text.toString());
            assertArrayEquals(byDefinition(text.toString()), ids);
            assertEquals(text.toString(), tokenizer.decode(ids));
        }
    }

    private static final List<String> SYLLABLES = List.of(
            "th", "e", "an", "ing", "t", "ne", "a", "hen", " ", "  ", "\n", "é", "\uD83D\uDE00", "42", "'s", "!");

    @Test
    @DisplayName("multilingual text, emoji and unassigned characters round-trip; the second time from memory")
    void roundTrip() {
        Random random = new Random(9);
        for (int round = 0; round < 300; round++) {
            StringBuilder text = new StringBuilder(round % 2 == 0 ? MULTILINGUAL : "");
            for (int n = random.nextInt(100); n >= 0; n--) {
                int codePoint = random.nextInt(Character.MAX_CODE_POINT + 1);
                text.appendCodePoint(codePoint >= 0xD800 && codePoint <= 0xDFFF ? '\'' : codePoint);
            }
            int[] ids = tokenizer.encode(text.toString());
            assertEquals(text.toString(), tokenizer.decode(ids));
            assertArrayEquals(ids, tokenizer.encode(text.toString()));
        }
    }

    @Test
    @DisplayName("the word memory starts anew when it is full, and gives the same ids")
    void memoryOverflow() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            text.append(' ').append(letters(i));
        }
        int[] first = tokenizer.encode(text.toString());
        assertEquals(text.toString(), tokenizer.decode(first));
        assertArrayEquals(first, tokenizer.encode(text.toString()));
        assertArrayEquals(byDefinition(" " + letters(77_777)), tokenizer.encode(" " + letters(77_777)));
    }

    @Test
    @DisplayName("a piece of a megabyte takes no quadratic time")
    void longPieces() {
        Tokenizer doubling = TestVocabulary.of("aa", "aaaa", "aaaaaaaa");
        String text = "a".repeat(1_000_003);
        int[] ids = assertTimeoutPreemptively(Duration.ofSeconds(20), () -> doubling.encode(text));
        assertEquals(125_000 + 2, ids.length);
        assertEquals(text, doubling.decode(ids));
    }

    @Test
    @DisplayName("special tokens: ids after the merges, plain text unless allowed")
    void specials() {
        int first = tokenizer.mergeableSize();
        assertEquals(first + 9, tokenizer.vocabSize());
        for (SpecialToken special : SpecialToken.values()) {
            assertEquals(first + special.ordinal(), tokenizer.encodeSpecial(special.text()));
            assertEquals(special.text(), tokenizer.decode(tokenizer.id(special)));
            assertEquals(0, tokenizer.tokenBytes()[tokenizer.id(special)]);
        }
        assertEquals(tokenizer.id(SpecialToken.BOS), tokenizer.bos());
        for (int id : tokenizer.encode("<|bos|>")) {
            assertTrue(id < first);
        }
        assertArrayEquals(
                new int[] {'a', tokenizer.bos(), tokenizer.bos(), '<', '|'},
                tokenizer.encodeWithSpecials("a<|bos|><|bos|><|"));
        assertThrows(TokenizerException.class, () -> tokenizer.encodeSpecial("<|pad|>"));
    }

    @Test
    @DisplayName("batches keep their order on any number of threads; a bad id is refused")
    void batches() {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            texts.add(letters(i) + " the end " + i);
        }
        List<int[]> alone = tokenizer.encodeAll(texts, tokenizer.bos(), Tokenizer.NONE, 1);
        List<int[]> together = tokenizer.encodeAll(texts, tokenizer.bos(), Tokenizer.NONE, 8);
        for (int i = 0; i < texts.size(); i++) {
            assertArrayEquals(alone.get(i), together.get(i));
            assertEquals("<|bos|>" + texts.get(i), tokenizer.decode(together.get(i)));
        }
        assertEquals(List.of(), tokenizer.encodeAll(List.of(), Tokenizer.NONE, Tokenizer.NONE, 4));
        assertThrows(
                TokenizerException.class, () -> tokenizer.encodeAll(texts, tokenizer.vocabSize(), Tokenizer.NONE, 4));
        assertThrows(TokenizerException.class, () -> tokenizer.decode(tokenizer.vocabSize()));
        assertThrows(TokenizerException.class, () -> tokenizer.decode(-1));
    }

    @Test
    @DisplayName("the stream decoder holds back incomplete characters and joins to the whole text")
    void streaming() {
        StreamDecoder stream = tokenizer.streamDecoder();
        assertEquals("", stream.append(0xF0));
        assertEquals("", stream.append(0x9F));
        assertEquals("", stream.append(0x98));
        assertEquals("\uD83D\uDE00", stream.append(0x80));
        assertEquals("", stream.append(0xE4));
        assertEquals("\uFFFDa", stream.append('a'));
        assertEquals("", stream.append(0xC3));
        assertEquals("\uFFFD", stream.finish());
        assertEquals("", stream.finish());
        Random random = new Random(1);
        for (int round = 0; round < 2000; round++) {
            int[] ids = random.ints(random.nextInt(20), 0, round % 2 == 0 ? 256 : tokenizer.vocabSize())
                    .toArray();
            StringBuilder joined = new StringBuilder();
            for (int id : ids) {
                joined.append(stream.append(id));
            }
            assertEquals(tokenizer.decode(ids), joined + stream.finish());
        }
    }

    @Test
    @DisplayName("ill-formed UTF-8: one U+FFFD per maximal subpart, as in Python")
    void illFormed() {
        assertEquals("\uFFFD".repeat(3), tokenizer.decode(0xED, 0xA0, 0x80));
        assertEquals("\uFFFD".repeat(4), tokenizer.decode(0xF4, 0x90, 0x80, 0x80));
        assertEquals("\uFFFD", tokenizer.decode(0xF0, 0x9F, 0x98));
        assertEquals("\uFFFDa\uFFFD", tokenizer.decode(0xF0, 0x9F, 'a', 0x9F));
        assertEquals("\uFFFD".repeat(2), tokenizer.decode(0xC0, 0xAF));
        assertArrayEquals(tokenizer.encode("a\uFFFDb"), tokenizer.encode("a\uD83Db"));
        assertArrayEquals(tokenizer.encode("\uFFFD\uFFFD"), tokenizer.encode("\uDE00\uD83D"));
    }

    @Test
    @DisplayName("vocabularies without the single bytes, or with a token twice, are refused")
    void badVocabularies() {
        List<byte[]> tokens = new ArrayList<>();
        assertThrows(TokenizerException.class, () -> Tokenizer.of(tokens));
        for (int unit = 0; unit < 256; unit++) {
            tokens.add(new byte[] {(byte) unit});
        }
        assertEquals(Tokenizer.SMALLEST_VOCABULARY, Tokenizer.of(tokens).vocabSize());
        tokens.add(new byte[] {'a'});
        TokenizerException twice = assertThrows(TokenizerException.class, () -> Tokenizer.of(tokens));
        assertTrue(twice.problem().contains("same as token 97"), twice::problem);
        tokens.set(256, new byte[0]);
        assertThrows(TokenizerException.class, () -> Tokenizer.of(tokens));
    }

    @Test
    @DisplayName("the fingerprint depends on tokens and their order only")
    void fingerprint() {
        assertEquals(
                TestVocabulary.of("ab", "cd").fingerprint(),
                TestVocabulary.of("ab", "cd").fingerprint());
        assertEquals(
                3,
                List.of(TestVocabulary.of("ab", "cd"), TestVocabulary.of("cd", "ab"), TestVocabulary.of("ab", "cde"))
                        .stream()
                        .map(Tokenizer::fingerprint)
                        .distinct()
                        .count());
    }

    private static String letters(int number) {
        StringBuilder word = new StringBuilder("w");
        for (int rest = number; rest > 0; rest /= 26) {
            word.append((char) ('a' + rest % 26));
        }
        return word.toString();
    }

    /** The definition read aloud: look at all pairs, join the best, start over. */
    private int[] byDefinition(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        List<Integer> ids = new ArrayList<>();
        for (int from = 0; from < utf8.length; ) {
            int to = SplitScanner.pieceEnd(utf8, from, utf8.length);
            List<byte[]> parts = new ArrayList<>();
            for (int i = from; i < to; i++) {
                parts.add(new byte[] {utf8[i]});
            }
            byte[] whole = Arrays.copyOfRange(utf8, from, to);
            if (rank(whole) < Integer.MAX_VALUE) {
                parts = List.of(whole);
            }
            while (parts.size() > 1) {
                int best = 0;
                for (int i = 1; i + 1 < parts.size(); i++) {
                    if (rank(join(parts, i)) < rank(join(parts, best))) {
                        best = i;
                    }
                }
                if (rank(join(parts, best)) == Integer.MAX_VALUE) {
                    break;
                }
                parts.set(best, join(parts, best));
                parts.remove(best + 1);
            }
            parts.forEach(part -> ids.add(rank(part)));
            from = to;
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private static byte[] join(List<byte[]> parts, int at) {
        byte[] left = parts.get(at);
        byte[] right = parts.get(at + 1);
        byte[] both = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, both, left.length, right.length);
        return both;
    }

    private int rank(byte[] bytes) {
        int rank = tokenizer.rank(bytes, 0, bytes.length);
        return rank < 0 ? Integer.MAX_VALUE : rank;
    }
}
