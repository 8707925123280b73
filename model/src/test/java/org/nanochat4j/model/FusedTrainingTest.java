package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.Progress;

/** Steps of training with fused kernels and without. */
class FusedTrainingTest {
    private static final int STEPS = 2;

    private record Outcome(List<float[]> numbers, Map<String, String> kernels, int lanes) {
        /**
         * What is expected of four layers: the MLP's activation forward and backward; two residuals, and sums of the gradients that come back from q, k, v, and
         * in every second layer from the gate of the value embedding; six matrices. The matrices of gates have 24 and 12 columns: not whole vectors everywhere.
         */
        Map<String, String> expected(String gradients) {
            int matrices = 4 * 6 + (24 % lanes == 0 ? 1 : 0) + (12 % lanes == 0 ? 2 : 0);
            return Map.of(
                    "MatMul, ReluSquared",
                    times(4),
                    "MatMul, ReluSquaredGrad",
                    times(4),
                    "MatMul, Add",
                    times(4 * (2 + 2) + 2),
                    "MatMul, " + gradients,
                    times(matrices));
        }

        private static String times(int count) {
            return "one kernel, " + count + " x";
        }
    }

    /** Losses and all weights after some steps of so many micro-batches. */
    private static Outcome train(int accumulation, int threads, boolean fusion) {
        try (Engine engine = Engine.open("cpu", new BackendOptions(threads, true, true, fusion, Progress.NONE))) {
            Gpt gpt = PortableModel.on(engine, PortableModel.config(Architecture.CURRENT, "SSSL"));
            List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
            groups.forEach(group -> engine.write(group.hyper(), new float[] {0.01f, 0.9f, 0.1f}));
            TrainingPrograms programs =
                    TrainingPrograms.record(gpt, groups, PortableModel.BATCH, PortableModel.TIME, accumulation);
            List<Program> used = List.of(programs.micro(), programs.update());
            List<Executable> executables = engine.compile(engine.plan(used));
            engine.write(programs.ids(), PortableModel.ids());
            engine.write(programs.targets(), PortableModel.targets());
            List<float[]> numbers = new ArrayList<>();
            for (int step = 0; step < STEPS; step++) {
                for (int i = 0; i < accumulation; i++) {
                    executables.get(0).run();
                }
                numbers.add(engine.floats(programs.loss()));
                executables.get(1).run();
            }
            gpt.parameters().store().all().forEach(parameter -> numbers.add(engine.floats(parameter.value())));
            int bits = Integer.parseInt(engine.device().path().replaceFirst("Vector API, (\\d+) bits.*", "$1"));
            return new Outcome(numbers, engine.kernels(), bits / 32);
        }
    }

    private static void check(int accumulation, String gradients) {
        Outcome apart = train(accumulation, 2, false);
        assertEquals(Map.of(), apart.kernels);
        for (int threads : new int[] {1, 3}) {
            Outcome fused = train(accumulation, threads, true);
            assertEquals(fused.expected(gradients), fused.kernels);
            for (int i = 0; i < apart.numbers.size(); i++) {
                assertArrayEquals(apart.numbers.get(i), fused.numbers.get(i), "number " + i);
            }
        }
    }

    @Test
    @DisplayName("the same bytes after two steps, with the expected kernels: four layers, gradients added up")
    void accumulated() {
        check(2, "Accumulate");
    }

    @Test
    @DisplayName("the same with one micro-batch per step")
    void single() {
        check(1, "Assign");
    }
}
