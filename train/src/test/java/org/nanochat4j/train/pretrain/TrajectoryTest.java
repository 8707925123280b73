package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.SafetensorsFile;
import org.nanochat4j.model.TrainingPrograms;
import org.nanochat4j.train.data.Golden;
import tools.jackson.databind.JsonNode;

/** The reference's short training run: fixed weights and tokens, 50 steps of the combined optimizer. */
class TrajectoryTest {

    private static final double TOLERANCE = 1e-4;

    private final JsonNode run = Golden.json("golden/train/trajectory.json");
    private final int batch = run.get("batch").asInt();
    private final int time = run.get("seq").asInt();
    private final GptConfig config = config(run.get("config"));

    @ParameterizedTest(name = "{0} micro-batches per step")
    @DisplayName("every loss of the 50 steps, and the validation loss after them")
    @ValueSource(ints = {1, 2})
    void trajectory(int accumulation) throws IOException {
        try (Engine engine = Engine.open()) {
            follow(engine, accumulation, run.get("steps").asInt(), TOLERANCE);
        }
    }

    /**
     * Trains on an engine and compares every loss.
     *
     * @param engine where
     * @param accumulation micro-batches of a step
     * @param steps how many; the validation loss at the end is compared only after all of them
     * @param tolerance of the losses
     */
    void follow(Engine engine, int accumulation, int steps, double tolerance) throws IOException {
        JsonNode rates = run.get("hyperparameters");
        var gpt = new Gpt(config);
        List<ParamGroup> groups = ParamGroups.of(
                gpt,
                new LearningRates(
                        rates.get("unembedding_lr").asDouble(),
                        rates.get("embedding_lr").asDouble(),
                        rates.get("matrix_lr").asDouble(),
                        rates.get("scalar_lr").asDouble(),
                        1));
        int rows = batch / accumulation;
        TrainingPrograms programs = TrainingPrograms.record(gpt, groups, rows, time, accumulation);
        JsonNode schedule = run.get("lr_schedule");
        var hyper = new HyperParameters(
                new Schedules(
                        run.get("steps").asInt(),
                        schedule.get("warmup_steps").asInt(),
                        schedule.get("warmdown_ratio").asDouble(),
                        schedule.get("final_lr_frac").asDouble()),
                rates.get("weight_decay").asDouble());
        try (SafetensorsFile file = SafetensorsFile.open(Golden.shared("golden/train/trajectory.safetensors"))) {
            List<Program> all = programs.programs();
            List<Executable> compiled = engine.compile(engine.plan(all));
            for (Parameter parameter : gpt.parameters().store().all()) {
                engine.write(parameter.value(), file.floats("init." + parameter.name()));
            }
            gpt.writeConstants(engine::write);
            int[] validation = ints(file.integers("val_tokens"));
            assertEquals(
                    run.get("val_loss_before").asDouble(),
                    validate(engine, compiled.get(2), programs, validation, rows),
                    tolerance);

            int[] tokens = ints(file.integers("tokens"));
            for (int step = 0; step < steps; step++) {
                double loss = 0;
                for (int micro = 0; micro < accumulation; micro++) {
                    int from = (step * batch + micro * rows) * time;
                    engine.write(programs.ids(), Arrays.copyOfRange(tokens, from, from + rows * time));
                    engine.write(programs.targets(), Arrays.copyOfRange(tokens, from + 1, from + 1 + rows * time));
                    compiled.get(0).run();
                    loss += engine.floats(programs.loss())[0] / accumulation;
                }
                assertEquals(run.get("losses").get(step).asDouble(), loss, tolerance, "loss at step " + step);
                hyper.write(engine, groups, step);
                compiled.get(1).run();
            }
            if (steps < run.get("steps").asInt()) {
                return;
            }
            assertEquals(
                    run.get("val_loss_after").asDouble(),
                    validate(engine, compiled.get(2), programs, validation, rows),
                    tolerance);
        }
    }

    private double validate(Engine engine, Executable evaluate, TrainingPrograms programs, int[] tokens, int rows) {
        double sum = 0;
        int positions = rows * time;
        int batches = (tokens.length - 1) / positions;
        for (int i = 0; i < batches; i++) {
            engine.write(programs.ids(), Arrays.copyOfRange(tokens, i * positions, (i + 1) * positions));
            engine.write(programs.targets(), Arrays.copyOfRange(tokens, i * positions + 1, (i + 1) * positions + 1));
            evaluate.run();
            for (float loss : engine.floats(programs.rowLosses())) {
                sum += loss;
            }
        }
        return sum / ((long) batches * positions);
    }

    private static GptConfig config(JsonNode node) {
        return new GptConfig(
                node.get("sequence_len").asInt(),
                node.get("vocab_size").asInt(),
                node.get("n_layer").asInt(),
                node.get("n_head").asInt(),
                node.get("n_kv_head").asInt(),
                node.get("n_embd").asInt(),
                node.get("window_pattern").asString(),
                Architecture.CURRENT);
    }

    private static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }
}
