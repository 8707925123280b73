package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Presets and {@code train --dry-run} on the command line. */
class DryRunTest {

    @TempDir
    Path folder;

    @Test
    @DisplayName("info --preset shows the published figures; options beside it win")
    void info() {
        JsonNode chinchilla = json("info", "--preset=d12-chinchilla");
        assertEquals(286_261_730, chinchilla.at("/parameters/total").asLong());
        assertEquals(887_098_032, chinchilla.get("flops_per_token").asLong());
        assertEquals(8, chinchilla.get("device_batch_size").asInt());
        JsonNode original = json("info", "--preset", "d20-original");
        assertEquals(560_988_160, original.at("/parameters/total").asLong());
        assertEquals(3_491_758_080L, original.get("flops_per_token").asLong());
        JsonNode windowed = json("info", "--window-pattern=SSSL", "--preset=d12-chinchilla");
        assertEquals(759_696_048, windowed.get("flops_per_token").asLong());
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("info --preset: parameters, FLOPs per token, steps, tokens, scale of the rates, decay of the matrices")
    @CsvSource({
        "d20-10k,896533746,3240107184,10000,65536,655360000,0.353553,0.025047",
        "d12-chinchilla,286261730,887098032,87000,65536,5701632000,0.353553,0.098995",
        "d20-original,560988160,3491758080,21400,524288,11219763200,1,0.079385",
        "runcpu,73531646,153355680,5000,16384,81920000,0.176777,0.234903"
    })
    void figures(
            String preset,
            long parameters,
            long flops,
            int steps,
            long batch,
            long tokens,
            double scale,
            double decay) {
        JsonNode facts = json("info", "--preset", preset);
        assertEquals(parameters, facts.at("/parameters/total").asLong());
        assertEquals(flops, facts.get("flops_per_token").asLong());
        assertEquals(steps, facts.at("/derivation/num_iterations").asInt());
        assertEquals(batch, facts.at("/derivation/total_batch_size").asLong());
        assertEquals(tokens, facts.at("/derivation/total_tokens").asLong());
        assertEquals(scale, facts.at("/derivation/batch_lr_scale").asDouble(), 5e-7);
        assertEquals(decay, facts.at("/derivation/weight_decay").asDouble(), 5e-7);
        JsonNode dry = json("train", "--dry-run", "--preset", preset);
        for (String section : List.of("derivation", "learning_rates", "weight_decay", "schedule", "parameters")) {
            assertEquals(dry.get(section), facts.get(section), section);
        }
    }

    @Test
    @DisplayName("an unknown preset is wrong usage, and the message names all there are")
    void unknown() {
        Cli.Result result =
                new Cli(folder).run("train", "--preset=d13", "--dry-run").expect(2);
        assertTrue(result.err().contains("d20-10k, d12-chinchilla, d20-original, runcpu"), result.err());
    }

    @Test
    @DisplayName("train --dry-run: the whole derivation of a preset without tokenizer or data, and nothing is written")
    void dryRun() throws IOException {
        JsonNode facts = json("train", "--dry-run", "--preset=d12-chinchilla");
        assertEquals(87_000, facts.at("/derivation/num_iterations").asInt());
        assertEquals(5_701_632_000L, facts.at("/derivation/total_tokens").asLong());
        double scale = Math.sqrt(0.125);
        assertEquals(0.008 * scale, facts.at("/learning_rates/lm_head").asDouble(), 1e-9);
        assertEquals(0.3 * scale, facts.at("/learning_rates/wte").asDouble(), 1e-9);
        assertEquals(0.15 * scale, facts.at("/learning_rates/value_embeds").asDouble(), 1e-9);
        assertEquals(0.005 * scale, facts.at("/learning_rates/resid_lambdas").asDouble(), 1e-9);
        assertEquals(0.5 * scale, facts.at("/learning_rates/x0_lambdas").asDouble(), 1e-9);
        assertEquals(0.2, facts.at("/learning_rates/smear").asDouble(), 1e-9);
        assertEquals(0.02 * scale, facts.at("/learning_rates/muon.768x3072").asDouble(), 1e-9);
        assertEquals(0.01, facts.at("/weight_decay/lm_head").asDouble(), 1e-8);
        assertEquals(0.098995, facts.at("/weight_decay/muon.768x768").asDouble(), 5e-7);
        JsonNode first = facts.at("/schedule/0");
        assertEquals(0.025, first.get("learning_rate").asDouble(), 1e-12);
        assertEquals(0.85, first.get("muon_momentum").asDouble(), 1e-12);
        assertEquals(
                86_999,
                facts.get("schedule")
                        .get(facts.get("schedule").size() - 1)
                        .get("step")
                        .asInt());
        assertEquals(41_943_040, facts.at("/evaluation/tokens").asLong());
        assertEquals(349, facts.at("/evaluation/evaluations").asInt());
        assertTrue(facts.at("/memory/total").asLong() > 4L * 4 * 286_261_730);
        JsonNode time = facts.get("time");
        double seconds = time.get("expected_seconds_per_step").asDouble();
        double flops = 887_098_032.0 * 65_536;
        double mfu = time.get("expected_mfu_percent").asDouble();
        assertEquals(100 * flops / seconds / 1e9 / time.get("peak_gflops").asDouble(), mfu, 1e-6);
        assertEquals(
                seconds * 87_000 / 3600, time.get("expected_hours_of_training").asDouble(), seconds * 1e-6);
        if (time.get("basis").asString().startsWith("estimated")) {
            assertEquals(50, mfu, 1e-6); // on a machine on which a row of 2,048 tokens takes more than a few seconds
        }
        try (Stream<Path> all = Files.list(folder)) {
            assertEquals(List.of(), all.toList());
        }
    }

    @Test
    @DisplayName("the expected time of a small run is that of steps really run, and near what the run then takes")
    void measured() throws IOException {
        Cli cli = new Cli(folder);
        cli.prepare();
        String[] model = {
            "--depth=2", "--aspect-ratio=32", "--max-seq-len=64", "--device-batch-size=4", "--total-batch-size=512"
        };
        var args = new ArrayList<>(List.of(model));
        args.addAll(List.of("--dry-run", "--json"));
        JsonNode time = JsonMapper.shared()
                .readTree(cli.train(args.toArray(String[]::new)).expect(0).out())
                .get("time");
        String basis = time.get("basis").asString();
        assertTrue(
                basis.matches("measured, over \\d+ micro-batches of 4 rows and \\d+ updates, on random tokens"), basis);
        double expected = time.get("expected_seconds_per_step").asDouble();
        assertTrue(time.get("of_that_update").asDouble() < expected, time.toString());
        args = new ArrayList<>(List.of(model));
        args.addAll(List.of(
                "--num-iterations=200", "--eval-every=-1", "--sample-every=-1", "--save-every=-1", "--model-tag=run"));
        cli.train(args.toArray(String[]::new)).expect(0);
        double[] real = Files.readAllLines(folder.resolve("checkpoints/run/metrics.jsonl")).stream()
                .map(line -> JsonMapper.shared().readTree(line))
                .filter(node -> node.path("kind").asString().equals("step"))
                .mapToDouble(node -> node.get("train/dt").asDouble())
                .skip(100)
                .sorted()
                .toArray();
        // within a factor of four, since the machine may have other work; half of the peak, the guess before, is far
        // off at this size
        double ratio = expected / real[real.length / 2];
        assertTrue(ratio > 0.25 && ratio < 4, expected + " s expected, " + real[real.length / 2] + " s in the run");
    }

    @Test
    @DisplayName("as a table; another horizon given by hand replaces the preset's steps")
    void table() {
        String out = new Cli(folder)
                .run("train", "--dry-run", "--preset=runcpu", "--target-param-data-ratio=2")
                .expect(0)
                .out();
        for (String section :
                List.of("model", "parameters", "derivation", "learning rates", "schedule", "memory", "time")) {
            assertTrue(out.lines().anyMatch(section::equals), section + " in " + out);
        }
        // 2 x 23,199,960 scaling parameters in steps of 16,384 tokens
        assertTrue(out.lines().anyMatch(line -> line.matches("  num iterations +2,832")), out);
    }

    @Test
    @DisplayName("the plan of the dry run is the plan of the run, and without a preset the tokenizer must be there")
    void asTrained() throws IOException {
        var cli = new Cli(folder);
        assertFalse(cli.train("--dry-run").expect(1).err().isBlank());
        cli.prepare();
        JsonNode dry = JsonMapper.shared()
                .readTree(cli.train("--dry-run", "--json").expect(0).out());
        assertFalse(Files.exists(folder.resolve("checkpoints")));
        cli.train("--model-tag=run", "--num-iterations=6").expect(0);
        JsonNode run = JsonMapper.shared()
                .readTree(Files.readAllLines(folder.resolve("checkpoints/run/metrics.jsonl"))
                        .getFirst());
        for (String section : List.of("model", "parameters", "derivation", "memory")) {
            assertEquals(run.get(section), dry.get(section), section);
        }
    }

    private JsonNode json(String... args) {
        String[] all = Stream.concat(Stream.of(args), Stream.of("--json")).toArray(String[]::new);
        return JsonMapper.shared().readTree(new Cli(folder).run(all).expect(0).out());
    }
}
