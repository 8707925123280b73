package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What may change when a run goes on: refused, permitted or free, and recorded where it matters. */
class ResumeChangesTest extends TinyRun {

    @Test
    @DisplayName("another schedule, model or dataset is refused; with --allow-changes it is recorded in the history")
    void changes() throws IOException {
        train("--num-iterations=4", "--save-every=2", "--eval-every=-1").expect(0);
        String log = Files.readString(run.resolve("metrics.jsonl"));
        assertRefused("matrix_lr was 0.02 and is now 0.01", "--resume=2", "--matrix-lr=0.01");
        assertRefused("depth is 1", "--resume=2", "--depth=2", "--allow-changes");
        assertRefused("dataset was", "--resume=2", "--data=own");
        assertRefused("is not the one that", "--resume=2", "--tokenizer=" + otherTokenizer());
        assertEquals(log, Files.readString(run.resolve("metrics.jsonl")));
        assertTrue(Files.exists(run.resolve("step_000004")));

        resume("--resume=2", "--data=own", "--matrix-lr=0.01", "--allow-changes")
                .expect(0);
        JsonNode meta = meta(run.resolve("step_000004"));
        assertEquals(2, meta.at("/history/0/resumed_at_step").asInt());
        assertEquals("matrix_lr", meta.at("/history/0/changes/0/what").asString());
        assertEquals("dataset", meta.at("/history/0/changes/1/what").asString());
        assertEquals(0.01, meta.at("/user_config/matrix_lr").asDouble());
        assertNotEquals(
                -1,
                Files.mismatch(
                        run.resolve("step_000004/model.safetensors"),
                        run.resolve("step_000004.old/model.safetensors")));
    }

    /** Another value for every option that a run remembers, as the command line takes it. */
    private static final Map<String, String> OTHER = Map.ofEntries(
            Map.entry("architecture", "original"),
            Map.entry("depth", "3"),
            Map.entry("aspect_ratio", "48"),
            Map.entry("head_dim", "8"),
            Map.entry("max_seq_len", "16"),
            Map.entry("dtype", "bf16"),
            Map.entry("embedding_dtype", "bf16"),
            Map.entry("window_pattern", "L"),
            Map.entry("seed", "43"),
            Map.entry("num_iterations", "5"),
            Map.entry("target_flops", "1.0E12"),
            Map.entry("target_param_data_ratio", "11.0"),
            Map.entry("device_batch_size", "1"),
            Map.entry("total_batch_size", "64"),
            Map.entry("embedding_lr", "0.2"),
            Map.entry("unembedding_lr", "0.004"),
            Map.entry("weight_decay", "0.1"),
            Map.entry("matrix_lr", "0.01"),
            Map.entry("scalar_lr", "0.4"),
            Map.entry("warmup_steps", "3"),
            Map.entry("warmdown_ratio", "0.5"),
            Map.entry("final_lr_frac", "0.1"),
            Map.entry("eval_tokens", "128"),
            Map.entry("eval_every", "2"),
            Map.entry("sample_every", "4"),
            Map.entry("save_every", "1"));

    private static final Set<String> FIXED =
            Set.of("architecture", "depth", "aspect_ratio", "head_dim", "max_seq_len", "window_pattern", "seed");
    private static final Set<String> FREE = Set.of("eval_every", "sample_every", "save_every");

    @Test
    @DisplayName(
            "every option that a run remembers: fixed for ever, free, or changed only with --allow-changes and recorded")
    void everyOption() throws IOException {
        train("--num-iterations=4", "--save-every=2", "--eval-every=-1").expect(0);
        JsonNode config = meta(run.resolve("step_000002")).get("user_config");
        assertEquals(OTHER.keySet(), Set.copyOf(config.propertyNames()));
        var all = new ArrayList<>(List.of("--resume=2", "--allow-changes"));
        OTHER.forEach((option, value) -> {
            String given = "--" + option.replace('_', '-') + "=" + value;
            String was = config.get(option).asString();
            if (FIXED.contains(option)) {
                assertRefused(option + " is " + was, "--resume=2", given, "--allow-changes");
            } else if (!FREE.contains(option)) {
                assertRefused(option + " was " + was + " and is now " + value, "--resume=2", given);
            }
            if (!FIXED.contains(option) && !option.startsWith("target_")) {
                all.add(given);
            }
        });
        resume(all.toArray(String[]::new)).expect(0);
        JsonNode meta = meta(run.resolve("step_000005"));
        List<String> recorded = meta.at("/history/0/changes")
                .valueStream()
                .map(change -> change.get("what").asString())
                .sorted()
                .toList();
        assertEquals(
                OTHER.keySet().stream()
                        .filter(option ->
                                !FIXED.contains(option) && !FREE.contains(option) && !option.startsWith("target_"))
                        .sorted()
                        .toList(),
                recorded);
        for (String option : List.of("total_batch_size", "matrix_lr", "eval_every")) {
            assertEquals(OTHER.get(option), meta.at("/user_config/" + option).asString());
        }
    }

    @Test
    @DisplayName("another horizon replaces the one above it, and both changes are recorded")
    void anotherHorizon() throws IOException {
        train("--num-iterations=4", "--save-every=2", "--eval-every=-1").expect(0);
        double flops =
                meta(run.resolve("step_000002")).at("/derivation/total_flops").asDouble();
        resume("--resume=2", "--target-flops=" + flops * 5 / 4, "--allow-changes")
                .expect(0);
        JsonNode meta = meta(run.resolve("step_000005"));
        assertEquals(5, meta.at("/derivation/num_iterations").asInt());
        assertEquals("target_flops", meta.at("/history/0/changes/0/what").asString());
        assertEquals("num_iterations", meta.at("/history/0/changes/1/what").asString());
        assertEquals("-1", meta.at("/history/0/changes/1/to").asString());
    }

    @Test
    @DisplayName("going on with another Java or other kernels is said and recorded, and needs no permission")
    void anotherMachine() throws IOException {
        train("--num-iterations=4", "--save-every=2", "--eval-every=-1").expect(0);
        Path step = run.resolve("step_000002");
        ObjectNode meta = (ObjectNode) JsonMapper.shared().readTree(Files.readString(step.resolve("meta.json")));
        ObjectNode identity = (ObjectNode) meta.get("identity");
        String java = identity.get("java").asString();
        identity.put("java", "Another Vendor 24");
        identity.remove("kernels");
        Files.writeString(step.resolve("meta.json"), meta.toPrettyString());
        rehash(step, "meta.json");

        Cli.Result result = resume("--resume=2").expect(0);
        assertTrue(result.out().contains("java was Another Vendor 24 and is now " + java), result.out());
        JsonNode history = meta(run.resolve("step_000004")).get("history");
        assertEquals(1, history.size());
        assertEquals(2, history.at("/0/resumed_at_step").asInt());
        assertEquals("java", history.at("/0/changes/0/what").asString());
        assertEquals("kernels", history.at("/0/changes/1/what").asString());
        assertEquals("unknown", history.at("/0/changes/1/from").asString());
        String shown = cli.run("info", "--checkpoint", run.toString()).expect(0).out();
        assertTrue(shown.contains("Another Vendor 24"), shown);
    }

    private static void rehash(Path step, String name) throws IOException {
        Path sums = step.resolve("SHA256SUMS");
        var lines = new ArrayList<String>();
        for (String line : Files.readAllLines(sums)) {
            lines.add(line.endsWith(" " + name) ? sha256(step.resolve(name)) + line.substring(64) : line);
        }
        Files.write(sums, lines);
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @DisplayName("--resume with the preset of the run goes on; another preset is refused with all that differs")
    void preset() throws IOException {
        String[] small = {
            "--depth=1",
            "--max-seq-len=32",
            "--device-batch-size=2",
            "--total-batch-size=128",
            "--num-iterations=4",
            "--eval-tokens=128",
            "--sample-every=-1",
            "--save-every=2"
        };
        var first = new ArrayList<>(List.of("train", "--model-tag=tiny", "--data=small", "--preset=runcpu"));
        first.addAll(List.of(small));
        cli.run(first.toArray(String[]::new)).expect(0);
        Cli.Result other = resume("--resume=2", "--preset=runcpu").expect(1);
        assertTrue(other.err().contains("is not of the preset runcpu: depth is 1, not 6"), other.err());
        assertTrue(other.err().contains("leave --preset out"), other.err());
        first.add("--resume=2");
        cli.run(first.toArray(String[]::new)).expect(0);
        assertSame(run.resolve("step_000004.old"), run.resolve("step_000004"));
    }

    @Test
    @DisplayName("contradicting ways to name the run to go on with")
    void contradictions() throws IOException {
        train("--num-iterations=2", "--eval-every=-1").expect(0);
        for (String other : List.of("--model-tag=tiny", "--out=" + run)) {
            Cli.Result result = cli.run("train", "--resume=tiny", other).expect(2);
            assertTrue(result.err().contains("name the run in one way only"), result.err());
        }
        Cli.Result tag = cli.run("train", "--resume", "--model-tag=other", "--out=" + run)
                .expect(1);
        assertTrue(tag.err().contains("is tiny, not other"), tag.err());
        for (String other : List.of("--dry-run", "--replace")) {
            assertTrue(resume("--resume", other).expect(2).err().contains("--resume"));
        }
        assertTrue(train("--allow-changes").expect(2).err().contains("--allow-changes without --resume"));
    }

    private Path otherTokenizer() {
        Path other = folder.resolve("other");
        cli.run(
                        "tok",
                        "train",
                        "--input",
                        folder.resolve("data/small").toString(),
                        "--vocab-size=299",
                        "--out",
                        other.toString())
                .expect(0);
        return other;
    }
}
