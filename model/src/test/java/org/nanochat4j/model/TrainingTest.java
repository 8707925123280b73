package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.optim.AdamW;
import org.nanochat4j.engine.optim.Muon;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.runtime.Engine;
import tools.jackson.databind.JsonNode;

/** The three training programs together with the optimizer groups, over whole steps. */
class TrainingTest {
    /** How far a loss of 2 to 6 may be from that of a run in F32, from which it departs with every step. */
    private static final double BF16_LOSS = 0.02;

    private final Engine engine = Engine.open();

    @AfterEach
    void close() {
        engine.close();
    }

    /** A training run with the schedule of the golden one. */
    private static final class Run {
        private final Engine engine;
        private final Gpt gpt;
        private final List<ParamGroup> groups;
        private final TrainingPrograms programs;
        private final List<Executable> executables;
        private final int accumulation;

        Run(Engine engine, Gpt gpt, LearningRates rates, int batch, int accumulation) {
            this.engine = engine;
            this.gpt = gpt;
            this.accumulation = accumulation;
            groups = ParamGroups.of(gpt, rates);
            programs = TrainingPrograms.record(gpt, groups, batch, gpt.config().sequenceLength(), accumulation);
            executables = engine.compile(engine.plan(programs.programs()));
        }

        /** One step on consecutive windows of the stream; gives the mean loss. */
        double step(int[] stream, int step, int steps, double weightDecay) {
            int size = programs.targets().type().shape().dim(0);
            double sum = 0;
            for (int micro = 0; micro < accumulation; micro++) {
                int from = (step * accumulation + micro) * size;
                engine.write(programs.ids(), Arrays.copyOfRange(stream, from, from + size));
                engine.write(programs.targets(), Arrays.copyOfRange(stream, from + 1, from + size + 1));
                executables.get(0).run();
                sum += engine.floats(programs.loss())[0];
            }
            double rate = rate(step, steps);
            double momentum = 0.85 + 0.12 * step / 400;
            double decay = weightDecay * 0.5 * (1 + Math.cos(Math.PI * step / steps));
            for (ParamGroup group : groups) {
                double learningRate = group.initialLearningRate() * rate;
                engine.write(
                        group.hyper(),
                        switch (group) {
                            case AdamW adam -> adam.hyperValues(learningRate, step + 1);
                            case Muon muon -> new float[] {(float) learningRate, (float) momentum, (float) decay};
                        });
            }
            executables.get(3).run();
            executables.get(1).run();
            return sum / accumulation;
        }

        private static double rate(int step, int steps) {
            int warmdown = (int) Math.rint(0.65 * steps);
            if (step < 10) {
                return (step + 1) / 10.0;
            }
            double left = (double) (steps - step) / warmdown;
            return step <= steps - warmdown ? 1 : left + (1 - left) * 0.05;
        }

        double evaluate(int[] stream, int rows) {
            int size = programs.targets().type().shape().dim(0);
            int time = gpt.config().sequenceLength();
            double sum = 0;
            for (int from = 0; from < rows * time; from += size) {
                engine.write(programs.ids(), Arrays.copyOfRange(stream, from, from + size));
                engine.write(programs.targets(), Arrays.copyOfRange(stream, from + 1, from + size + 1));
                executables.get(2).run();
                for (float loss : engine.floats(programs.rowLosses())) {
                    sum += loss;
                }
            }
            return sum / (rows * time);
        }

        List<float[]> weights() {
            return gpt.parameters().store().all().stream()
                    .map(parameter -> engine.floats(parameter.value()))
                    .toList();
        }
    }

    private static int[] tokens(SafetensorsFile file, String name) {
        return Arrays.stream(file.integers(name)).mapToInt(Math::toIntExact).toArray();
    }

    @ParameterizedTest(name = "{0} micro-batches per step")
    @DisplayName("fifty steps of the reference's training run in two micro-batches each, loss by loss")
    @ValueSource(ints = 2)
    void trajectory(int accumulation) throws IOException {
        JsonNode json = Json.STRICT.readTree(Files.readString(Shared.golden("train/trajectory.json")));
        try (SafetensorsFile file = SafetensorsFile.open(Shared.golden("train/trajectory.safetensors"))) {
            Run run = golden(json, file, DType.F32, accumulation);
            for (int group = 0; group < run.groups.size(); group++) {
                double expected =
                        json.get("groups").get(group).get("initial_lr").doubleValue();
                assertEquals(expected, run.groups.get(group).initialLearningRate(), 1e-12);
            }
            int[] stream = tokens(file, "tokens");
            int[] validation = tokens(file, "val_tokens");
            assertEquals(json.get("val_loss_before").doubleValue(), run.evaluate(validation, 16), 1e-4);
            int steps = json.get("steps").intValue();
            double decay = json.get("hyperparameters").get("weight_decay").doubleValue();
            for (int step = 0; step < steps; step++) {
                double expected = json.get("losses").get(step).doubleValue();
                assertEquals(expected, run.step(stream, step, steps, decay), 1e-4, "step " + step);
            }
            assertEquals(json.get("val_loss_after").doubleValue(), run.evaluate(validation, 16), 1e-4);
        }
    }

    /** The run of the stored trajectory before its first step. */
    private Run golden(JsonNode json, SafetensorsFile file, DType compute, int accumulation) {
        Gpt gpt = new Gpt(new GptConfig(128, 257, 4, 4, 4, 128, "L", Architecture.CURRENT), compute);
        for (Parameter parameter : gpt.parameters().store().all()) {
            engine.write(parameter.value(), file.floats("init." + parameter.name()));
        }
        gpt.writeConstants(engine::write);
        JsonNode rates = json.get("hyperparameters");
        // The json's rates carry the batch's factor already.
        LearningRates learning = new LearningRates(
                rates.get("unembedding_lr").doubleValue(),
                rates.get("embedding_lr").doubleValue(),
                rates.get("matrix_lr").doubleValue(),
                rates.get("scalar_lr").doubleValue(),
                1);
        return new Run(engine, gpt, learning, 8 / accumulation, accumulation);
    }

    @Test
    @DisplayName("twenty steps of that run in BF16 give nearly the losses of F32, and not the same")
    void trajectoryBf16() throws IOException {
        JsonNode json = Json.STRICT.readTree(Files.readString(Shared.golden("train/trajectory.json")));
        try (SafetensorsFile file = SafetensorsFile.open(Shared.golden("train/trajectory.safetensors"))) {
            Run run = golden(json, file, DType.BF16, 1);
            int[] stream = tokens(file, "tokens");
            double decay = json.get("hyperparameters").get("weight_decay").doubleValue();
            double sum = 0;
            for (int step = 0; step < 20; step++) {
                double expected = json.get("losses").get(step).doubleValue();
                double loss = run.step(stream, step, json.get("steps").intValue(), decay);
                assertEquals(expected, loss, BF16_LOSS, "step " + step);
                sum += Math.abs(loss - expected);
            }
            assertTrue(sum > 0);
        }
    }

    private static int[] stream(int length) {
        int[] stream = new int[length];
        for (int i = 0; i < length; i++) {
            stream[i] = (i * i + i / 7) % 61;
        }
        return stream;
    }

    private Run small(Engine on, int accumulation) {
        Gpt gpt = new Gpt(new GptConfig(32, 61, 2, 2, 1, 32, "SL", Architecture.CURRENT));
        gpt.initialise(on, 42);
        return new Run(on, gpt, LearningRates.DEFAULT, 2, accumulation);
    }

    @ParameterizedTest(name = "{0} micro-batches per step")
    @DisplayName("six steps straight equal three, a checkpoint, another engine, and three: byte for byte")
    @ValueSource(ints = {1, 3})
    void resume(int accumulation, @TempDir Path folder) throws IOException {
        int[] stream = stream(2 * 32 * 3 * 6 + 1);
        Run straight = small(engine, accumulation);
        List<Double> losses = new ArrayList<>();
        for (int step = 0; step < 6; step++) {
            losses.add(straight.step(stream, step, 6, 0.1));
            if (step == 2) {
                Checkpoint.save(
                        folder.resolve("three"),
                        CheckpointMeta.of(straight.gpt.config(), 3),
                        CheckpointTensors.of(straight.gpt, straight.groups, engine),
                        Map.of());
            }
        }
        try (Engine other = Engine.open()) {
            Run resumed = small(other, accumulation);
            Checkpoint checkpoint = Checkpoint.open(folder.resolve("three"));
            checkpoint.load(resumed.gpt, other);
            assertEquals(3, checkpoint.loadOptimizer(resumed.groups, other));
            for (int step = 3; step < 6; step++) {
                assertEquals(losses.get(step), resumed.step(stream, step, 6, 0.1));
            }
            List<float[]> expected = straight.weights();
            List<float[]> actual = resumed.weights();
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), actual.get(i));
            }
        }
    }

    @Test
    @DisplayName("at the first step the output projections are zero, so that the loss is ln V for a small head")
    void firstLoss() {
        assertEquals(Math.log(61), small(engine, 1).step(stream(65), 0, 1, 0), 0.01);
    }

    @Test
    @DisplayName("the norms are the sum of the squares of each group's gradients, also of accumulated ones")
    void gradientSquares() {
        Run once = small(engine, 1);
        Run twice = small(engine, 2);
        // the second step: at the first, most gradients are zero
        for (int step = 0; step < 2; step++) {
            once.step(stream(129), step, 2, 0);
        }
        float[] squares = engine.floats(once.programs.gradientSquares());
        assertEquals(once.groups.size(), squares.length);
        for (int i = 0; i < squares.length; i++) {
            double sum = 0;
            for (Parameter parameter : once.groups.get(i).parameters()) {
                for (float g : engine.floats(parameter.gradient())) {
                    sum += (double) g * g;
                }
            }
            assertEquals(sum, squares[i], 1e-5 * sum, once.groups.get(i).name());
            assertTrue(sum > 0, once.groups.get(i).name());
        }
        int[] periodic = new int[129];
        for (int i = 0; i < periodic.length; i++) {
            periodic[i] = stream(64)[i % 64];
        }
        twice.step(periodic, 0, 2, 0);
        Run first = small(engine, 1);
        first.step(periodic, 0, 2, 0);
        float[] accumulated = engine.floats(twice.programs.gradientSquares());
        float[] direct = engine.floats(first.programs.gradientSquares());
        for (int i = 0; i < direct.length; i++) {
            // the mean of two equal gradients is that gradient
            assertEquals(
                    direct[i],
                    accumulated[i],
                    1e-4 * direct[i] + 1e-12,
                    first.groups.get(i).name());
        }
    }

    @Test
    void badBatches() {
        Gpt gpt = new Gpt(new GptConfig(32, 61, 2, 2, 1, 32, "SL", Architecture.CURRENT));
        assertThrows(ModelException.BadConfig.class, () -> TrainingPrograms.record(gpt, List.of(), 0, 32, 1));
        assertThrows(ModelException.BadConfig.class, () -> TrainingPrograms.record(gpt, List.of(), 1, 1, 1));
        assertThrows(ModelException.BadConfig.class, () -> TrainingPrograms.record(gpt, List.of(), 1, 321, 1));
        assertThrows(ModelException.BadConfig.class, () -> TrainingPrograms.record(gpt, List.of(), 1, 32, 0));
    }
}
