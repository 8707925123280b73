package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.runtime.Engine;
import tools.jackson.databind.JsonNode;

class GenerationTest {
    private final Engine engine = Engine.open();

    @AfterEach
    void close() {
        engine.close();
    }

    private Gpt portable() {
        return PortableModel.on(engine, PortableModel.config(Architecture.CURRENT, "SSSL"));
    }

    private static Generator.Options greedy(int tokens) {
        return new Generator.Options(tokens, 0, 1, Set.of());
    }

    /** The full forward pass for every token, no cache. */
    private int[] naive(Gpt gpt, int[] prompt, int count) {
        int[] ids = prompt;
        for (int i = 0; i < count; i++) {
            float[] logits = engine.floats(gpt.logits(engine.eager(), engine.tensor(ids, 1, ids.length)));
            int vocabulary = gpt.config().vocabularySize();
            int start = (ids.length - 1) * vocabulary;
            int best = 0;
            for (int v = 1; v < vocabulary; v++) {
                best = logits[start + v] > logits[start + best] ? v : best;
            }
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = best;
        }
        return ids;
    }

    @Test
    @DisplayName("greedy generation over the cache equals the full forward pass, beyond the short window")
    void greedyEqualsNaive() {
        Gpt gpt = portable();
        List<int[]> prompts = List.of(new int[] {3}, new int[] {5, 9, 60}, Arrays.copyOf(PortableModel.ids(), 120));
        Generator generator = new Generator(gpt, engine, 3, 160, 0);
        List<Generator.Sequence> sequences = generator.generate(prompts, greedy(20));
        for (int row = 0; row < 3; row++) {
            assertArrayEquals(
                    naive(gpt, prompts.get(row), 20), sequences.get(row).tokens(), "row " + row);
            assertFalse(sequences.get(row).stopped());
        }
    }

    @Test
    @DisplayName("a row ends at its stop token, which is left out; the others go on")
    void stopTokens() {
        Gpt gpt = portable();
        Generator generator = new Generator(gpt, engine, 2, 64, 0);
        List<int[]> prompts = List.of(new int[] {3, 4}, new int[] {5});
        List<Generator.Sequence> free = generator.generate(prompts, greedy(16));
        int stop = free.get(0).generated()[5];
        int expected = IntStream.range(0, 16)
                .filter(i -> free.get(0).generated()[i] == stop)
                .findFirst()
                .orElseThrow();
        Generator.Sequence cut = generator
                .generate(prompts, new Generator.Options(16, 0, 1, Set.of(stop)))
                .get(0);
        assertTrue(cut.stopped());
        assertArrayEquals(Arrays.copyOf(free.get(0).generated(), expected), cut.generated());
        assertEquals(2, cut.prompt());
    }

    @Test
    @DisplayName("the same seed gives the same tokens whatever rows stand beside; another seed gives others")
    void seeds() {
        Gpt gpt = portable();
        Generator generator = new Generator(gpt, engine, 4, 64, 0);
        List<int[]> four = List.of(new int[] {3}, new int[] {3}, new int[] {3}, new int[] {3});
        Generator.Options options = new Generator.Options(24, 1.0, 7, Set.of());
        List<Generator.Sequence> first = generator.generate(four, options);
        List<Generator.Sequence> again = generator.generate(four, options);
        List<Generator.Sequence> alone = generator.generate(List.of(new int[] {3}), options);
        List<Generator.Sequence> other = generator.generate(four, new Generator.Options(24, 1.0, 8, Set.of()));
        for (int row = 0; row < 4; row++) {
            assertArrayEquals(first.get(row).tokens(), again.get(row).tokens());
            assertFalse(Arrays.equals(first.get(row).tokens(), other.get(row).tokens()));
        }
        assertArrayEquals(first.get(0).tokens(), alone.get(0).tokens());
        assertFalse(Arrays.equals(first.get(0).tokens(), first.get(1).tokens()), "rows draw their own tokens");
    }

    @Test
    @DisplayName("top-1 is greedy at any temperature; top-k draws only from the k most likely")
    void topK() {
        Gpt gpt = portable();
        List<int[]> prompt = List.of(new int[] {3, 17});
        int[] greedy = new Generator(gpt, engine, 1, 64, 0)
                .generate(prompt, greedy(12))
                .get(0)
                .tokens();
        Generator one = new Generator(gpt, engine, 1, 64, 1);
        assertArrayEquals(
                greedy,
                one.generate(prompt, new Generator.Options(12, 2.0, 3, Set.of()))
                        .get(0)
                        .tokens());
        Generator three = new Generator(gpt, engine, 1, 64, 3);
        for (int seed = 0; seed < 20; seed++) {
            int drawn = three.start(prompt, 1.5, seed)[0];
            float[] logits = three.logits();
            long better = IntStream.range(0, logits.length)
                    .filter(v -> logits[v] > logits[drawn])
                    .count();
            assertTrue(better < 3, drawn + " is number " + better);
        }
    }

    @Test
    @DisplayName("drawn tokens follow the softmax of the logits")
    void distribution() {
        Gpt gpt = portable();
        Generator generator = new Generator(gpt, engine, 1, 16, 0);
        int draws = 4000;
        int[] counts = new int[61];
        for (int seed = 0; seed < draws; seed++) {
            counts[generator.start(List.of(new int[] {3, 17}), 1, seed)[0]]++;
        }
        float[] logits = generator.logits();
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        for (int v = 0; v < counts.length; v++) {
            double p = Math.exp(logits[v]) / sum;
            double deviation = Math.sqrt(p * (1 - p) / draws);
            assertEquals(p, (double) counts[v] / draws, 5 * deviation + 1e-3, "token " + v);
        }
    }

    @Test
    @DisplayName("tokens may be forced instead of those drawn")
    void forced() {
        Gpt gpt = portable();
        Generator generator = new Generator(gpt, engine, 1, 64, 0);
        generator.start(List.of(new int[] {3}), 0, 0);
        int next = generator.next(new int[] {40}, new boolean[] {true})[0];
        int[] expected = naive(gpt, new int[] {3, 40}, 1);
        assertEquals(expected[2], next);
    }

    @Test
    @DisplayName("the listener hears every token in order")
    void listener() {
        Generator generator = new Generator(portable(), engine, 2, 64, 0);
        List<List<Integer>> heard = List.of(new ArrayList<>(), new ArrayList<>());
        List<Generator.Sequence> sequences = generator.generate(
                List.of(new int[] {1}, new int[] {2}),
                greedy(5),
                (row, token) -> heard.get(row).add(token));
        for (int row = 0; row < 2; row++) {
            assertArrayEquals(
                    sequences.get(row).generated(),
                    heard.get(row).stream().mapToInt(Integer::intValue).toArray());
        }
    }

    @Test
    void badInput() {
        Gpt gpt = portable();
        Generator generator = new Generator(gpt, engine, 1, 32, 0);
        says(() -> generator.generate(List.of(new int[] {61}), greedy(1)), "id 61 at position 0");
        says(() -> generator.generate(List.of(new int[] {-1}), greedy(1)), "id -1");
        says(() -> generator.generate(List.of(new int[0]), greedy(1)), "prompt 0 is empty");
        says(() -> generator.generate(List.of(new int[30]), greedy(4)), "at most 29 fit");
        says(() -> generator.generate(List.of(new int[1], new int[1]), greedy(1)), "2 prompts for 1 rows");
        assertEquals(
                32, generator.generate(List.of(new int[29]), greedy(3)).get(0).tokens().length);
        assertThrows(ModelException.BadConfig.class, () -> new Generator.Options(1, -0.1, 0, Set.of()));
        assertThrows(ModelException.BadConfig.class, () -> new Generator.Options(1, Double.NaN, 0, Set.of()));
        assertThrows(ModelException.NotReady.class, () -> new Generator(new Gpt(gpt.config()), engine, 1, 32, 0));
    }

    private static void says(Runnable action, String text) {
        Thrown.says(text, ModelException.BadTokens.class, action::run);
    }

    @Test
    @DisplayName("golden greedy continuations of the reference's engine and of its naive loop")
    void greedyGoldens() throws IOException {
        Gpt gpt = evaluationModel(engine);
        JsonNode cases = Json.STRICT.readTree(Files.readString(Shared.golden("sampling/greedy.json")));
        int compared = 0;
        for (JsonNode item : cases) {
            if (item.get("min_margin").doubleValue() <= 1e-4) {
                continue;
            }
            int[] prompt = ints(item.get("prompt_ids"));
            int[] expected = ints(item.get("naive_ids"));
            Generator generator = new Generator(gpt, engine, 1, expected.length, 0);
            Generator.Sequence sequence = generator
                    .generate(List.of(prompt), greedy(expected.length - prompt.length))
                    .get(0);
            assertArrayEquals(expected, sequence.tokens());
            compared++;
        }
        assertTrue(compared > 0);
    }

    static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size())
                .map(i -> array.get(i).intValue())
                .toArray();
    }

    static Gpt evaluationModel(Engine engine) throws IOException {
        JsonNode json = Json.STRICT.readTree(Files.readString(Shared.golden("eval/model.json")));
        String meta = "{\"architecture\": \"current\", \"model_config\": " + json.get("config") + "}";
        Gpt gpt = new Gpt(CheckpointMeta.parse(meta, "eval/model.json").config());
        Checkpoint.loadWeights(Shared.golden("eval/model.safetensors"), gpt, engine);
        return gpt;
    }
}
