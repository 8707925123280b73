package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BestFitPackingTest {

    @Test
    @DisplayName("documents of generator-made lengths: six rows of 33 tokens as tabulated")
    void portableGolden(@TempDir Path folder) {
        // length of document i: x <- 1664525 x + 1013904223 from x = 1, then 2 + (x >> 16) mod 40
        int[] lengths = new int[200];
        int x = 1;
        for (int i = 0; i < lengths.length; i++) {
            x = 1664525 * x + 1013904223;
            lengths[i] = 2 + (x >>> 16) % 40;
        }
        assertArrayEquals(new int[] {18, 2, 8, 37, 34, 18, 16, 12, 2, 15}, java.util.Arrays.copyOf(lengths, 10));

        // every token of document i is i, so that a row shows who is in it
        List<String> texts =
                IntStream.range(0, lengths.length).mapToObj(String::valueOf).toList();
        DocumentEncoder encoder = batch -> batch.stream()
                .map(text -> {
                    int id = Integer.parseInt(text);
                    return IntStream.range(0, lengths[id]).map(_ -> id).toArray();
                })
                .toArray(int[][]::new);
        ParquetTextWriter.write(folder.resolve("0.parquet"), texts);
        ParquetTextWriter.write(folder.resolve("1.parquet"), texts);

        List<Integer> expected = new ArrayList<>();
        int[][] rows = {{12, 33}, {20, 33}, {19, 31, 1, 2}, {22, 25, 2, 8}, {25, 32, 8, 1}, {24, 29, 11, 2, 15, 2}};
        for (int[] row : rows) {
            for (int i = 0; i < row.length; i += 2) {
                for (int n = 0; n < row[i + 1]; n++) {
                    expected.add(row[i]);
                }
            }
        }
        LoaderOptions options = LoaderOptions.of(1, 32).withBuffer(20, 8);
        List<Integer> packed = new ArrayList<>();
        int[] inputs = new int[32];
        int[] targets = new int[32];
        try (var loader = BestFitLoader.start(Shards.open(folder), Split.TRAIN, encoder, options)) {
            for (int row = 0; row < rows.length; row++) {
                loader.next(inputs, targets);
                packed.add(inputs[0]);
                IntStream.of(targets).forEach(packed::add);
            }
        }
        assertEquals(expected, packed);
    }

    @Test
    @DisplayName("the scan equals a literal transcription of the rule on random documents")
    void scanEqualsRule() {
        var random = new java.util.Random(7);
        var buffer = new BestFitBuffer();
        var literal = new ArrayList<int[]>();
        for (int step = 0; step < 20_000; step++) {
            while (literal.size() < 50) {
                int[] document = new int[1 + random.nextInt(60)];
                java.util.Arrays.fill(document, step);
                literal.add(document);
                buffer.add(document, 0, 0, step);
            }
            int[] row = new int[1 + random.nextInt(64)];
            int at = random.nextInt(row.length);
            int remaining = row.length - at;
            int[] chosen = {};
            for (int[] document : literal) {
                if (document.length <= remaining && document.length > chosen.length) {
                    chosen = document;
                }
            }
            if (chosen.length == 0) {
                chosen = literal.getFirst();
                for (int[] document : literal) {
                    if (document.length < chosen.length) {
                        chosen = document;
                    }
                }
            }
            literal.remove(chosen);
            int written = buffer.place(row, at);
            assertEquals(Math.min(remaining, chosen.length), written);
            for (int i = 0; i < row.length; i++) {
                assertEquals(i >= at && i < at + written ? chosen[0] : 0, row[i]);
            }
            assertEquals(literal.size(), buffer.size());
        }
    }
}
