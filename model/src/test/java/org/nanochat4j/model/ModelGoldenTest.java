package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.runtime.Engine;

/** Tiny models with random weights against the reference program in float32; tolerances as the goldens' own text advises. */
class ModelGoldenTest {
    private static final double LOGITS = 2e-5;
    private static final double GRADIENTS = 1e-4;
    /** For gradients that are zero but for rounding. */
    private static final double NOISE = 1e-6;

    private final Engine engine = Engine.open();

    @AfterEach
    void close() {
        engine.close();
    }

    private static Architecture architecture(String name) {
        return name.startsWith("model_original") ? Architecture.ORIGINAL : Architecture.CURRENT;
    }

    @ParameterizedTest
    @DisplayName("logits, losses and all gradients; eager and replayed have the same bits")
    @ValueSource(
            strings = {
                "model/depth1_hd128",
                "model/gqa_padvocab",
                "model/mha_L",
                "model/mqa_SSSL",
                "model_original/gqa",
                "model_original/mha"
            })
    void forwardAndBackward(String name) throws IOException {
        try (GoldenCase golden = GoldenCase.load(engine, name, architecture(name))) {
            ModelRun eager = ModelRun.eager(engine, golden.gpt(), golden.ids(), golden.targets(), golden.batch());
            ModelRun replayed = ModelRun.replayed(engine, golden.gpt(), golden.ids(), golden.targets(), golden.batch());
            eager.assertSame(replayed);
        }
        replayedIsGolden(engine, name);
    }

    /** Logits, losses and gradients of recorded programs against a stored case, on any engine. */
    static void replayedIsGolden(Engine engine, String name) throws IOException {
        try (GoldenCase golden = GoldenCase.load(engine, name, architecture(name))) {
            ModelRun replayed = ModelRun.replayed(engine, golden.gpt(), golden.ids(), golden.targets(), golden.batch());
            SafetensorsFile file = golden.file();
            ModelRun.assertClose(file.floats("logits"), golden.tail(replayed.logits(), "logits"), LOGITS, "logits");
            ModelRun.assertClose(file.floats("loss_none"), replayed.rows(), LOGITS, "loss_none");
            assertEquals(golden.json().get("loss_mean").doubleValue(), replayed.mean(), LOGITS, "loss");
            replayed.gradients().forEach((parameter, gradient) -> {
                float[] expected = file.floats("grad." + parameter);
                double largest = 0;
                for (float value : expected) {
                    largest = Math.max(largest, Math.abs(value));
                }
                ModelRun.assertClose(expected, gradient, Math.max(GRADIENTS * largest, NOISE), "grad." + parameter);
            });
        }
    }

    @ParameterizedTest
    @DisplayName("the residual stream before and after every block")
    @ValueSource(strings = {"model/mha_L", "model_original/mha"})
    void activations(String name) throws IOException {
        try (GoldenCase golden = GoldenCase.load(engine, name, architecture(name))) {
            List<Tensor> seen = new ArrayList<>();
            Tensor ids = engine.tensor(golden.ids(), golden.batch(), golden.time());
            golden.gpt().hidden(engine.eager(), ids, (layer, in, out) -> {
                seen.add(in);
                seen.add(out);
            });
            for (int layer = 0; layer < golden.gpt().config().layers(); layer++) {
                String block = "act.block" + layer;
                ModelRun.assertClose(
                        golden.file().floats(block + ".in"), engine.floats(seen.get(2 * layer)), LOGITS, block + ".in");
                ModelRun.assertClose(
                        golden.file().floats(block + ".out"),
                        engine.floats(seen.get(2 * layer + 1)),
                        LOGITS,
                        block + ".out");
            }
        }
    }

    @ParameterizedTest
    @DisplayName("the first release with rotary tables in F32, as the transformers library runs it")
    @ValueSource(strings = {"model_original/gqa", "model_original/mha"})
    void float32Rotary(String name) throws IOException {
        try (GoldenCase golden = GoldenCase.load(engine, name, Architecture.ORIGINAL_F32_ROTARY)) {
            Tensor ids = engine.tensor(golden.ids(), golden.batch(), golden.time());
            float[] logits = engine.floats(golden.gpt().logits(engine.eager(), ids));
            ModelRun.assertClose(golden.file().floats("logits_float32_rotary"), logits, LOGITS, "logits");
        }
    }

    @ParameterizedTest
    @DisplayName("prefill and single steps over the cache")
    @ValueSource(
            strings = {
                "model/depth1_hd128",
                "model/gqa_padvocab",
                "model/mha_L",
                "model/mqa_SSSL",
                "model_original/gqa",
                "model_original/mha"
            })
    void cached(String name) throws IOException {
        try (GoldenCase golden = GoldenCase.load(engine, name, architecture(name))) {
            int prefill = golden.json().get("prefill").intValue();
            int vocabulary = golden.gpt().config().vocabularySize();
            int batch = golden.batch();
            int time = golden.time();
            int kept = Math.toIntExact(
                    golden.file().tensor("kv_logits_prefill").shape().get(1));
            float[] expected = golden.file().floats("kv_logits_prefill");
            Generator generator = new Generator(golden.gpt(), engine, batch, time, 0);
            List<int[]> prompts = new ArrayList<>();
            for (int row = 0; row < batch; row++) {
                prompts.add(Arrays.copyOfRange(golden.ids(), row * time, row * time + prefill));
            }
            boolean[] active = new boolean[batch];
            Arrays.fill(active, true);
            generator.start(prompts, 0, 0);
            int compared = 0;
            for (int position = prefill - 1; position < time; position++) {
                int stored = position - (time - kept);
                float[] logits = generator.logits();
                for (int row = 0; row < batch && stored >= 0; row++) {
                    int from = (row * kept + stored) * vocabulary;
                    ModelRun.assertClose(
                            Arrays.copyOfRange(expected, from, from + vocabulary),
                            Arrays.copyOfRange(logits, row * vocabulary, (row + 1) * vocabulary),
                            LOGITS,
                            "row " + row + " position " + position);
                    compared++;
                }
                if (position + 1 < time) {
                    int[] tokens = new int[batch];
                    for (int row = 0; row < batch; row++) {
                        tokens[row] = golden.ids()[row * time + position + 1];
                    }
                    generator.next(tokens, active);
                }
            }
            assertTrue(compared >= 8 * batch);
        }
    }

    @ParameterizedTest
    @DisplayName("rotary tables, near and far")
    @ValueSource(strings = {"model/depth1_hd128", "model/gqa_padvocab", "model/mqa_SSSL", "model_original/gqa"})
    void rotary(String name) throws IOException {
        try (GoldenCase golden = GoldenCase.load(engine, name, architecture(name))) {
            boolean rounded = golden.gpt().config().architecture().roundedRotary();
            float[] cos = engine.floats(golden.gpt().rotary().cos());
            float[] sin = engine.floats(golden.gpt().rotary().sin());
            compare(golden.file(), "rotary.cos", cos, rounded ? 0 : 1e-6);
            compare(golden.file(), "rotary.sin", sin, rounded ? 0 : 1e-6);
            assertEquals(
                    golden.gpt().config().maxPositions() * golden.gpt().config().headSize() / 2, cos.length);
            if (!rounded) {
                float[] last = golden.file().floats("rotary.cos_last");
                ModelRun.assertClose(
                        last, Arrays.copyOfRange(cos, cos.length - last.length, cos.length), 1e-4, "rotary.cos_last");
                float[] lastSin = golden.file().floats("rotary.sin_last");
                ModelRun.assertClose(
                        lastSin,
                        Arrays.copyOfRange(sin, sin.length - last.length, sin.length),
                        1e-4,
                        "rotary.sin_last");
            }
        }
    }

    private static void compare(SafetensorsFile file, String name, float[] table, double tolerance) {
        float[] expected = file.floats(name);
        ModelRun.assertClose(expected, Arrays.copyOf(table, expected.length), tolerance, name);
    }
}
