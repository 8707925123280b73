package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.pretrain.PretrainOptions;
import org.nanochat4j.train.pretrain.Pretraining;
import org.nanochat4j.train.pretrain.RunFolder;
import org.nanochat4j.train.pretrain.RunInputs;
import org.nanochat4j.train.pretrain.SavedRun;
import org.nanochat4j.train.pretrain.TrainingEvent;
import org.nanochat4j.train.pretrain.TrainingException;

/** A run whose numbers stop being numbers stops, says where that began, and leaves its good checkpoints. */
class NotFiniteTest {

    @TempDir
    Path folder;

    private Cli cli;
    private Path run;
    private final List<TrainingEvent> events = new ArrayList<>();

    @BeforeEach
    void prepare() throws IOException {
        cli = new Cli(folder);
        cli.prepare();
        run = folder.resolve("checkpoints/tiny");
    }

    /** What is done to a run after one of its steps. */
    private interface Mishap {
        void happen(Engine engine, Map<String, Variable> variables);
    }

    /** Trains with two micro-batches per step, saves every second step, and lets something happen after step 4; what the run says of it. */
    private String failing(Mishap mishap, Map<String, float[]> after) throws IOException {
        var options = new PretrainOptions(
                new PretrainOptions.ModelOptions(Architecture.CURRENT, 2, 16, 16, 32, "L"),
                new PretrainOptions.HorizonOptions(20, -1, 12, 2, 128),
                new PretrainOptions.OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, 2, 0.65, 0.05),
                new PretrainOptions.Intervals(-1, 64, -1, 2),
                42);
        TokenizerSource tokenizer = TokenizerSource.load(folder.resolve("tokenizer"));
        var inputs = new RunInputs(
                "tiny", Shards.open(folder.resolve("data/own")), tokenizer.tokenizer(), tokenizer.files(), 1);
        try (Engine engine = Engine.open();
                Pretraining training = new Pretraining(options, inputs, engine, Long.MAX_VALUE)) {
            var variables = new HashMap<String, Variable>();
            training.plan().variables().forEach(variable -> variables.put(variable.name(), variable));
            var thrown = assertThrows(
                    TrainingException.class,
                    () -> training.run(RunFolder.begin(run, false), 0, () -> false, event -> {
                        events.add(event);
                        if (event instanceof TrainingEvent.Step step && step.step() == 4) {
                            mishap.happen(engine, variables);
                        }
                    }));
            variables.forEach((name, variable) -> {
                if (variable.role() == Variable.Role.PARAMETER) {
                    after.put(name, engine.floats(variable));
                }
            });
            return String.valueOf(thrown.getMessage());
        }
    }

    private static Variable variable(Map<String, Variable> variables, String name) {
        return Objects.requireNonNull(variables.get(name), name);
    }

    private static void set(Engine engine, Variable variable, int from, int to, float value) {
        float[] values = engine.floats(variable);
        Arrays.fill(values, from, to, value);
        engine.write(variable, values);
    }

    @Test
    @DisplayName(
            "a weight turns NaN: it is named with its element, no other weight changes, the last checkpoint is whole")
    void weight() throws IOException {
        var before = new HashMap<String, float[]>();
        var after = new HashMap<String, float[]>();
        String weight = "transformer.h.1.mlp.c_fc.weight";
        String message = failing(
                (engine, variables) -> {
                    set(engine, variable(variables, weight), 65, 66, Float.NaN);
                    variables.values().stream()
                            .filter(variable -> variable.role() == Variable.Role.PARAMETER)
                            .forEach(variable -> before.put(variable.name(), engine.floats(variable)));
                },
                after);
        assertTrue(message.startsWith("the loss is NaN at step 5"), message);
        assertTrue(message.contains(weight + " F32 (128, 32) was not finite before program micro began"), message);
        assertTrue(message.contains("NaN at (2, 1), 1 of 4,096"), message);
        assertTrue(message.contains("MatMul"), message);
        assertTrue(message.contains("remedy: " + run.resolve("step_000004") + " is as it was"), message);
        assertTrue(message.contains("--resume --out " + run + " --allow-changes"), message);
        assertEquals(before.keySet(), after.keySet());
        before.forEach((name, values) -> assertArrayEquals(values, after.get(name), name));
        assertEquals(4, SavedRun.open(run.resolve("step_000004")).progress().step());
        // not always the last event: the save after step 4 may be told after it
        assertEquals(
                List.of(5),
                events.stream()
                        .filter(TrainingEvent.NotFinite.class::isInstance)
                        .map(event -> ((TrainingEvent.NotFinite) event).step())
                        .toList());
    }

    @Test
    @DisplayName("weights of 1e25 are finite, but the squares of what comes of them are not: the op is named")
    void overflow() throws IOException {
        String message = failing(
                (engine, variables) ->
                        set(engine, variable(variables, "transformer.h.0.mlp.c_fc.weight"), 0, 4096, 1e25f),
                new HashMap<>());
        assertTrue(message.contains("at step 5"), message);
        assertTrue(message.contains("micro-batch 1 of 2, step "), message);
        assertTrue(message.contains("of program micro, ReluSquared"), message);
        assertTrue(message.contains("transformer.h.0.mlp.c_fc.weight"), message);
    }

    @Test
    @DisplayName("optimizer state that is not finite is never saved")
    void state() throws IOException {
        String message = failing(
                (engine, variables) -> {
                    // step 6 will be saved; nothing that step 5 computes before its update looks at this
                    set(
                            engine,
                            variable(variables, "transformer.wte.weight.exp_avg_sq"),
                            3,
                            4,
                            Float.POSITIVE_INFINITY);
                },
                new HashMap<>());
        assertTrue(message.startsWith("weights or optimizer state are not finite at step 6"), message);
        assertTrue(message.contains("transformer.wte.weight.exp_avg_sq"), message);
        assertTrue(message.contains("of program update, AdamWStep"), message);
        assertFalse(Files.exists(run.resolve("step_000006")));
        assertEquals(4, SavedRun.open(run.resolve("step_000004")).progress().step());
    }

    @Test
    @DisplayName("learning rates beyond reason: the run diverges, stops with exit code 1, and lower ones resume it")
    void divergence() throws IOException {
        cli.train("--model-tag=tiny", "--num-iterations=2", "--eval-every=-1", "--save-every=1", "--warmup-steps=0")
                .expect(0);
        Cli.Result result = cli.run(
                        "train",
                        "--resume",
                        "--model-tag=tiny",
                        "--num-iterations=8",
                        "--allow-changes",
                        "--matrix-lr=1e28")
                .expect(1);
        String message = result.err();
        assertTrue(message.contains("at step 3"), message);
        assertTrue(message.contains("of program micro"), message);
        assertTrue(message.contains("Infinity at") || message.contains("NaN at"), message);
        assertTrue(message.contains("remedy: "), message);
        String log = Files.readString(run.resolve("metrics.jsonl"));
        assertTrue(log.contains("\"kind\":\"not_finite\""), log);
        cli.run("train", "--resume=2", "--model-tag=tiny", "--num-iterations=8", "--allow-changes", "--matrix-lr=0.01")
                .expect(0);
        assertTrue(Files.exists(run.resolve("step_000008")));
    }
}
