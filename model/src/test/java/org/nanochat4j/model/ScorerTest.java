package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.engine.runtime.Engine;
import tools.jackson.databind.JsonNode;

class ScorerTest {
    private final Engine engine = Engine.open();

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    @DisplayName("each list scores as the full forward pass of itself, whatever its length, up to ten contexts")
    void losses() {
        GptConfig config = PortableModel.config(Architecture.CURRENT, "SSSL");
        Gpt gpt = PortableModel.on(engine, config);
        Random random = new Random(1);
        List<int[]> lists = new ArrayList<>();
        for (int length : new int[] {1, 2, 15, 16, 17, 18, 20, 160, 257, 700, 19, 2560}) {
            lists.add(random.ints(length, 0, 61).toArray());
        }
        Scorer scorer = new Scorer(gpt, engine);
        List<float[]> losses = scorer.losses(lists);
        for (int i = 0; i < lists.size(); i++) {
            int[] ids = lists.get(i);
            assertEquals(ids.length - 1, losses.get(i).length);
            if (ids.length <= 1) {
                continue;
            }
            int[] targets = Arrays.copyOfRange(ids, 1, ids.length + 1);
            targets[ids.length - 1] = -1;
            float[] rows = engine.floats(
                    gpt.loss(engine.eager(), engine.tensor(ids, 1, ids.length), engine.tensor(targets, ids.length))
                            .rows());
            ModelRun.assertClose(Arrays.copyOf(rows, ids.length - 1), losses.get(i), 2e-5, "list " + i);
        }
    }

    @Test
    @DisplayName("logits agree with the losses, also where they are written to a file piece by piece")
    void logits(@TempDir Path folder) throws IOException {
        Gpt gpt = PortableModel.on(engine, PortableModel.config(Architecture.CURRENT, "SSSL"));
        Scorer scorer = new Scorer(gpt, engine);
        int[] ids = new Random(2).ints(600, 0, 61).toArray();
        float[] losses = scorer.losses(List.of(ids)).get(0);
        Path file = folder.resolve("logits.safetensors");
        SafetensorsWriter.write(file, Map.of(), List.of(scorer.logits("logits.0", ids)));
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            assertEquals(List.of(600L, 61L), read.tensor("logits.0").shape());
            float[] logits = read.floats("logits.0");
            for (int t = 0; t < losses.length; t++) {
                double sum = 0;
                for (int v = 0; v < 61; v++) {
                    sum += Math.exp(logits[t * 61 + v]);
                }
                assertEquals(Math.log(sum) - logits[t * 61 + ids[t + 1]], losses[t], 2e-5, "position " + t);
            }
            ModelRun.assertClose(logits, scorer.logits(ids), 0, "read at once");
        }
    }

    @Test
    void badLists() {
        Gpt gpt = PortableModel.on(engine, PortableModel.config(Architecture.CURRENT, "SSSL"));
        Scorer scorer = new Scorer(gpt, engine);
        Thrown.says(
                "list 1: id 99 at position 2",
                ModelException.BadTokens.class,
                () -> scorer.losses(List.of(new int[3], new int[] {1, 2, 99})));
        Thrown.says("at most 2560", ModelException.BadTokens.class, () -> scorer.losses(List.of(new int[2561])));
        assertThrows(ModelException.BadTokens.class, () -> scorer.logits(new int[0]));
    }

    @Test
    void buckets() {
        assertEquals(16, Tokens.bucket(1, 1000));
        assertEquals(24, Tokens.bucket(17, 1000));
        assertEquals(32, Tokens.bucket(25, 1000));
        assertEquals(48, Tokens.bucket(33, 1000));
        assertEquals(768, Tokens.bucket(513, 1000));
        assertEquals(1000, Tokens.bucket(800, 1000));
        assertEquals(5, Tokens.bucket(3, 5));
    }

    @Test
    @DisplayName("golden bits per byte, with special and ignored targets")
    void bitsPerByte() throws IOException {
        Gpt gpt = GenerationTest.evaluationModel(engine);
        JsonNode json = Json.STRICT.readTree(Files.readString(Shared.golden("eval/bpb.json")));
        try (SafetensorsFile file = SafetensorsFile.open(Shared.golden("eval/bpb.safetensors"))) {
            int[] bytes = ints(file.integers("token_bytes"));
            BitsPerByte all = new BitsPerByte(bytes);
            for (int batch = 0; batch < 4; batch++) {
                int[] targets = ints(file.integers("y" + batch));
                float[] losses = engine.floats(gpt.loss(
                                engine.eager(),
                                engine.tensor(ints(file.integers("x" + batch)), 3, 64),
                                engine.tensor(targets, targets.length))
                        .rows());
                BitsPerByte one = new BitsPerByte(bytes);
                one.add(losses, targets);
                all.add(losses, targets);
                double expected = json.get("bpb_each").get(batch).doubleValue();
                assertEquals(expected, one.value(), 1e-5 * expected, "batch " + batch);
            }
            double expected = json.get("bpb_all").doubleValue();
            assertEquals(expected, all.value(), 1e-5 * expected);
        }
    }

    private static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }

    @Test
    void noBytes() {
        BitsPerByte bpb = new BitsPerByte(new int[] {0, 3});
        bpb.add(new float[] {5f, 5f}, new int[] {0, -1});
        assertEquals(Double.POSITIVE_INFINITY, bpb.value());
        bpb.add(new float[] {(float) Math.log(8)}, new int[] {1});
        assertEquals(1.0, bpb.value(), 1e-6);
    }
}
