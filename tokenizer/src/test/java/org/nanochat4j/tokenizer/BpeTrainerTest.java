package org.nanochat4j.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("BPE training")
class BpeTrainerTest {

    private static final List<String> TEXTS = List.of(
            "The quick brown fox jumps over the lazy dog.",
            "hello world, hello tokenizer, hello hello hello",
            "aaaa aaa aa banana bandana",
            "the cat sat on the mat; the dog sat on the log.");

    @Test
    @DisplayName("the first twenty merges of the golden texts, where ties decide several")
    void goldenMerges() {
        int[][] expected = {
            {104, 101, 11}, {97, 97, 6}, {108, 111, 6}, {32, 116, 5}, {108, 258, 5}, {256, 260, 5}, {32, 261, 4},
            {97, 110, 4}, {97, 116, 4}, {259, 256, 4}, {32, 98, 3}, {32, 111, 3}, {32, 100, 2}, {32, 115, 2},
            {32, 257, 2}, {101, 114, 2}, {111, 103, 2}, {263, 97, 2}, {266, 263, 2}, {267, 110, 2}
        };
        Training training = train(TEXTS, Tokenizer.SMALLEST_VOCABULARY + expected.length, 1);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(
                    new Merge(expected[i][0], expected[i][1], expected[i][2]),
                    training.merges().get(i));
        }
        List<String> tokens = new ArrayList<>();
        for (int id = 256; id < training.tokenizer().mergeableSize(); id++) {
            tokens.add(new String(training.tokenizer().bytes(id), StandardCharsets.UTF_8));
        }
        assertEquals(
                List.of(
                        "he", "aa", "lo", " t", "llo", "hello", " hello", "an", "at", " the", " b", " o", " d", " s",
                        " aa", "er", "og", "ana", " ban", " on"),
                tokens);
    }

    @Test
    @DisplayName("random texts give the merges of the definition, counted anew for every merge")
    void equalsDefinition() {
        Random random = new Random(3);
        for (int round = 0; round < 60; round++) {
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                StringBuilder text = new StringBuilder();
                for (int n = random.nextInt(120); n >= 0; n--) {
                    text.append("aaabbcé ".charAt(random.nextInt(8)));
                }
                texts.add(text.toString());
            }
            int merges = 40;
            Training training = train(texts, Tokenizer.SMALLEST_VOCABULARY + merges, 1 + round % 3);
            assertEquals(byDefinition(texts, merges), training.merges());
        }
    }

    @Test
    @DisplayName("a document counts up to its cap in code points; the one that exceeds the limit still counts")
    void limits() {
        List<String> documents = List.of("\uD83D\uDE00".repeat(5) + "xyxyxy", "zz", "never read");
        Training training = new BpeTrainer(300, 5, 6, 1).train(documents, BpeTrainer.Progress.NONE);
        assertEquals(1, training.documents());
        assertEquals(6, training.characters());
        assertEquals(
                2,
                new BpeTrainer(300, 6, 6, 1)
                        .train(documents, BpeTrainer.Progress.NONE)
                        .documents());
        int[] ids = training.tokenizer().encode("xyxy");
        assertArrayEquals(new int[] {'x', 'y', 'x', 'y'}, ids);
    }

    @Test
    @DisplayName("too little text: fewer merges, said so")
    void stopsEarly() {
        Training training = train(List.of("ab"), 1000, 1);
        assertFalse(training.complete());
        assertEquals(List.of(new Merge('a', 'b', 1)), training.merges());
        assertEquals(Tokenizer.SMALLEST_VOCABULARY + 1, training.tokenizer().vocabSize());
        assertTrue(train(List.of("ab"), Tokenizer.SMALLEST_VOCABULARY, 1).complete());
    }

    @Test
    @DisplayName("bad sizes and no text are refused with a remedy")
    void refuses() {
        TokenizerException tooSmall = assertThrows(TokenizerException.class, () -> BpeTrainer.ofSize(264));
        assertTrue(tooSmall.problem().contains("264"), tooSmall::problem);
        assertTrue(tooSmall.remedy().contains("265"), tooSmall::remedy);
        assertThrows(TokenizerException.class, () -> new BpeTrainer(512, 0, 1, 1));
        assertThrows(TokenizerException.class, () -> new BpeTrainer(512, 1, 1, 0));
        assertThrows(TokenizerException.class, () -> train(List.of(), 512, 1));
        assertThrows(TokenizerException.class, () -> train(List.of(""), 512, 1));
    }

    private static Training train(List<String> texts, int vocabSize, int threads) {
        return new BpeTrainer(vocabSize, BpeTrainer.DEFAULT_MAX_CHARS, BpeTrainer.DEFAULT_DOC_CAP, threads)
                .train(texts, BpeTrainer.Progress.NONE);
    }

    private record Pair(int left, int right) {}

    private static List<Merge> byDefinition(List<String> texts, int merges) {
        List<List<Integer>> pieces = new ArrayList<>();
        for (String text : texts) {
            byte[] utf8 = Utf8.encode(text);
            for (int from = 0; from < utf8.length; ) {
                int to = SplitScanner.pieceEnd(utf8, from, utf8.length);
                List<Integer> piece = new ArrayList<>();
                while (from < to) {
                    piece.add(utf8[from++] & 0xFF);
                }
                pieces.add(piece);
            }
        }
        List<Merge> learned = new ArrayList<>();
        while (learned.size() < merges) {
            Map<Pair, Long> counts = new HashMap<>();
            for (List<Integer> piece : pieces) {
                for (int i = 0; i + 1 < piece.size(); i++) {
                    counts.merge(new Pair(piece.get(i), piece.get(i + 1)), 1L, Long::sum);
                }
            }
            Merge best = new Merge(0, 0, 0);
            for (Map.Entry<Pair, Long> entry : counts.entrySet()) {
                Merge merge = new Merge(entry.getKey().left, entry.getKey().right, entry.getValue());
                if (merge.count() > best.count()
                        || (merge.count() == best.count()
                                && (merge.left() < best.left()
                                        || (merge.left() == best.left() && merge.right() < best.right())))) {
                    best = merge;
                }
            }
            if (best.count() == 0) {
                break;
            }
            for (List<Integer> piece : pieces) {
                for (int i = 0; i + 1 < piece.size(); i++) {
                    if (piece.get(i) == best.left() && piece.get(i + 1) == best.right()) {
                        piece.set(i, 256 + learned.size());
                        piece.remove(i + 1);
                    }
                }
            }
            learned.add(best);
        }
        return learned;
    }
}
