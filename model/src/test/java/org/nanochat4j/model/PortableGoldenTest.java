package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Reference values for weights that follow from a rule, so that a clone without any golden file proves the numerics. */
class PortableGoldenTest {
    private static final int VOCABULARY = 61;

    private final Engine engine = Engine.open();

    @AfterEach
    void close() {
        engine.close();
    }

    private ModelRun run(Architecture architecture, String pattern) {
        Gpt gpt = PortableModel.on(engine, PortableModel.config(architecture, pattern));
        int[] ids = PortableModel.ids();
        int[] targets = PortableModel.targets();
        ModelRun eager = ModelRun.eager(engine, gpt, ids, targets, PortableModel.BATCH);
        ModelRun replayed = ModelRun.replayed(engine, gpt, ids, targets, PortableModel.BATCH);
        eager.assertSame(replayed);
        return replayed;
    }

    private static void assertLogits(ModelRun run, int row, int time, double... expected) {
        int start = (row * PortableModel.TIME + time) * VOCABULARY;
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], run.logits()[start + i], 2e-5, "logits[" + row + "," + time + "," + i + "]");
        }
    }

    @Test
    @DisplayName("current architecture: logits and losses")
    void current() {
        GptConfig config = PortableModel.config(Architecture.CURRENT, "SSSL");
        assertArrayEquals(new int[] {128, 128, 128, 256}, config.windows());
        ParameterCounts counts = ParameterCounts.of(config);
        assertEquals(51_282, counts.total());
        assertEquals(45_104, counts.matrices());
        assertEquals(34, counts.scalars());
        ModelRun run = run(Architecture.CURRENT, "SSSL");
        assertLogits(run, 0, 0, 1.259866, -0.913689, -1.028217, 0.939000, 0.101009, 0.897293);
        assertLogits(run, 0, 159, 0.918605, 1.044009, -0.498078, -2.842485, -1.492308, 1.427323);
        assertLogits(run, 1, 77, 0.802748, 0.281342, -0.976071, -0.862917, 2.328746, -1.478362);
        double sum = 0;
        double largest = 0;
        for (float logit : run.logits()) {
            sum += logit;
            largest = Math.max(largest, Math.abs(logit));
        }
        assertEquals(0.0413856, sum / run.logits().length, 1e-5);
        assertEquals(4.6925979, largest, 2e-5);
        assertEquals(4.6938167, run.mean(), 1e-5);
        double nats = 0;
        for (float loss : run.rows()) {
            nats += loss;
        }
        assertEquals(1450.38928, nats, 2e-3);
        assertEquals(3.57484, run.rows()[9], 2e-5);
        assertEquals(0f, run.rows()[10]);
        assertEquals(0f, run.rows()[160]);
        assertEquals(4.786239, run.rows()[161], 2e-5);
        assertEquals(6.002021, run.rows()[162], 2e-5);
    }

    @Test
    @DisplayName("full windows give another loss, so the windows of the other test bite")
    void fullWindows() {
        assertEquals(4.6929021, run(Architecture.CURRENT, "L").mean(), 1e-5);
    }

    @Test
    @DisplayName("current architecture: Frobenius norms and first elements of the gradients")
    void gradients() {
        ModelRun run = run(Architecture.CURRENT, "SSSL");
        gradient(run, "resid_lambdas", .14136395, -.03969839, -.08028334);
        gradient(run, "x0_lambdas", .046119981, -.03969839, .0004299576);
        gradient(run, "smear_lambda", .05393725, -.05393725);
        gradient(run, "backout_lambda", .02818898, .02818898);
        gradient(run, "transformer.wte.weight", .28379968, .008860963, .005954749);
        gradient(run, "transformer.h.0.attn.c_q.weight", .16455223, .001730259);
        gradient(run, "transformer.h.0.attn.c_k.weight", .16461566, .0004997939);
        gradient(run, "transformer.h.0.attn.c_v.weight", .23854643, -.00463994);
        gradient(run, "transformer.h.0.attn.c_proj.weight", .21314597, -.006618672);
        gradient(run, "transformer.h.0.mlp.c_fc.weight", .75886732, -.003462672);
        gradient(run, "transformer.h.0.mlp.c_proj.weight", .66178876, -.002163451);
        gradient(run, "transformer.h.1.attn.c_q.weight", .084159046);
        gradient(run, "transformer.h.1.attn.c_v.weight", .12504698);
        gradient(run, "transformer.h.1.attn.ve_gate.weight", .0098798443, -.001253147, .0002551337);
        gradient(run, "transformer.h.1.mlp.c_fc.weight", .50222391);
        gradient(run, "transformer.h.2.attn.c_q.weight", .048610207);
        gradient(run, "transformer.h.2.mlp.c_fc.weight", .41525659);
        gradient(run, "transformer.h.3.attn.c_q.weight", .058823667, -.003740629);
        gradient(run, "transformer.h.3.attn.c_k.weight", .05994425);
        gradient(run, "transformer.h.3.attn.c_v.weight", .10005783);
        gradient(run, "transformer.h.3.attn.c_proj.weight", .13043298);
        gradient(run, "transformer.h.3.attn.ve_gate.weight", .0077240737);
        gradient(run, "transformer.h.3.mlp.c_fc.weight", .45454103);
        gradient(run, "transformer.h.3.mlp.c_proj.weight", .39273906);
        gradient(run, "lm_head.weight", .60776055, -.01162471, .008078146);
        gradient(run, "smear_gate.weight", .11131105, -.01114441, .01946662);
        gradient(run, "value_embeds.1.weight", .026637997, -.0007883749);
        gradient(run, "value_embeds.3.weight", .015734868);
    }

    private static void gradient(ModelRun run, String name, double norm, double... first) {
        float[] gradient = Objects.requireNonNull(run.gradients().get(name));
        double squares = 0;
        for (float value : gradient) {
            squares += (double) value * value;
        }
        assertEquals(norm, Math.sqrt(squares), 1e-5 * Math.max(norm, 0.1), name);
        for (int i = 0; i < first.length; i++) {
            assertEquals(first[i], gradient[i], 1e-6, name + "[" + i + "]");
        }
    }

    @Test
    @DisplayName("padding rows of the head and of the tables get no gradient")
    void paddingRows() {
        ModelRun run = run(Architecture.CURRENT, "SSSL");
        for (String name : List.of("lm_head.weight", "transformer.wte.weight", "value_embeds.3.weight")) {
            float[] gradient = Objects.requireNonNull(run.gradients().get(name));
            int width = gradient.length / 64;
            for (int i = VOCABULARY * width; i < gradient.length; i++) {
                assertEquals(0f, gradient[i], name);
            }
        }
    }

    @Test
    @DisplayName("the first release, with rotary tables rounded to BF16 and not")
    void original() {
        ModelRun rounded = run(Architecture.ORIGINAL, "L");
        assertLogits(rounded, 0, 159, -2.3537307, -0.4390316, 2.0891905);
        assertEquals(4.7513785, rounded.mean(), 1e-5);
        ModelRun exact = run(Architecture.ORIGINAL_F32_ROTARY, "L");
        assertLogits(exact, 0, 0, -1.112858, 1.656790, 0.259871, -0.294303, -0.469698, -0.583594);
        assertLogits(exact, 0, 159, -2.353869, -0.439434, 2.089312, 1.683661, 1.869322, -1.348464);
        assertEquals(4.7513375, exact.mean(), 1e-5);
    }

    @ParameterizedTest(name = "{0}, prompts of {1} and {2}")
    @DisplayName(
            "prefill and decoding equal the full forward: grouped heads, windows exceeded, one-token prompts, rows of"
                    + " different lengths")
    @CsvSource({"CURRENT, 150, 150", "CURRENT, 1, 1", "CURRENT, 131, 7", "CURRENT, 2, 140", "ORIGINAL, 100, 1"})
    void cache(Architecture architecture, int first, int second) {
        Gpt gpt = PortableModel.on(engine, PortableModel.config(architecture, "SSSL"));
        int[] ids = PortableModel.ids();
        float[] full =
                engine.floats(gpt.logits(engine.eager(), engine.tensor(ids, PortableModel.BATCH, PortableModel.TIME)));
        Generator generator = new Generator(gpt, engine, PortableModel.BATCH, PortableModel.TIME, 0);
        int[] at = {first, second};
        List<int[]> prompts = new ArrayList<>();
        for (int row = 0; row < 2; row++) {
            prompts.add(Arrays.copyOfRange(ids, row * PortableModel.TIME, row * PortableModel.TIME + at[row]));
        }
        generator.start(prompts, 0, 0);
        boolean[] active = {true, true};
        while (active[0] || active[1]) {
            float[] logits = generator.logits();
            int[] tokens = new int[2];
            for (int row = 0; row < 2; row++) {
                if (active[row]) {
                    int from = (row * PortableModel.TIME + at[row] - 1) * VOCABULARY;
                    ModelRun.assertClose(
                            Arrays.copyOfRange(full, from, from + VOCABULARY),
                            Arrays.copyOfRange(logits, row * VOCABULARY, (row + 1) * VOCABULARY),
                            1e-5,
                            "row " + row + " position " + (at[row] - 1));
                    active[row] = at[row] < PortableModel.TIME;
                    tokens[row] = active[row] ? ids[row * PortableModel.TIME + at[row]] : 0;
                    at[row]++;
                }
            }
            if (active[0] || active[1]) {
                generator.next(tokens, active);
            }
        }
        assertTrue(at[0] > PortableModel.TIME && at[1] > PortableModel.TIME);
    }

    @Test
    @DisplayName("rows of a batch know nothing of each other")
    void independentRows() {
        Gpt gpt = PortableModel.on(engine, PortableModel.config(Architecture.CURRENT, "SSSL"));
        int[] ids = PortableModel.ids();
        int size = PortableModel.TIME;
        float[] both = engine.floats(gpt.logits(engine.eager(), engine.tensor(ids, 2, size)));
        for (int row = 0; row < 2; row++) {
            int[] one = Arrays.copyOfRange(ids, row * size, (row + 1) * size);
            float[] alone = engine.floats(gpt.logits(engine.eager(), engine.tensor(one, 1, size)));
            float[] expected = Arrays.copyOfRange(both, row * alone.length, (row + 1) * alone.length);
            ModelRun.assertClose(expected, alone, 1e-6, "row " + row);
        }
    }

    @Test
    @DisplayName("no position knows of later ones")
    void causal() {
        Gpt gpt = PortableModel.on(engine, PortableModel.config(Architecture.CURRENT, "SSSL"));
        int[] ids = Arrays.copyOf(PortableModel.ids(), PortableModel.TIME);
        float[] before = engine.floats(gpt.logits(engine.eager(), engine.tensor(ids, 1, ids.length)));
        Arrays.fill(ids, 100, ids.length, 5);
        float[] after = engine.floats(gpt.logits(engine.eager(), engine.tensor(ids, 1, ids.length)));
        int same = 100 * VOCABULARY;
        ModelRun.assertClose(Arrays.copyOf(before, same), Arrays.copyOf(after, same), 0, "first 100 positions");
        assertTrue(!Arrays.equals(before, after));
    }

    @ParameterizedTest(name = "{0} threads")
    @DisplayName("the same bits with any number of threads")
    @ValueSource(ints = {1, 2, 3})
    void threads(int threads) {
        ModelRun expected = run(Architecture.CURRENT, "SSSL");
        try (Engine other = Engine.open("cpu", new BackendOptions(threads))) {
            Gpt gpt = PortableModel.on(other, PortableModel.config(Architecture.CURRENT, "SSSL"));
            expected.assertSame(
                    ModelRun.replayed(other, gpt, PortableModel.ids(), PortableModel.targets(), PortableModel.BATCH));
        }
    }

    @Test
    @DisplayName("without any target that counts the mean loss is not a number")
    void noTargets() {
        Gpt gpt = PortableModel.on(engine, PortableModel.config(Architecture.CURRENT, "SSSL"));
        int[] targets = new int[8];
        Arrays.fill(targets, -1);
        float mean = engine.item(gpt.loss(engine.eager(), engine.tensor(new int[8], 1, 8), engine.tensor(targets, 8))
                .mean());
        assertTrue(Float.isNaN(mean));
    }
}
