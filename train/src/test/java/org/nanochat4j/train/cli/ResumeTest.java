package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.pretrain.PretrainOptions;
import org.nanochat4j.train.pretrain.Pretraining;
import org.nanochat4j.train.pretrain.Resumption;
import org.nanochat4j.train.pretrain.RunFolder;
import org.nanochat4j.train.pretrain.RunInputs;
import org.nanochat4j.train.pretrain.RunLock;
import org.nanochat4j.train.pretrain.SavedRun;
import org.nanochat4j.train.pretrain.TrainingEvent;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A run that goes on where it was saved is the run that was never interrupted. */
class ResumeTest {

    @TempDir
    Path folder;

    private Cli cli;
    private Path run;

    @BeforeEach
    void prepare() throws IOException {
        cli = new Cli(folder);
        cli.prepare();
        shards("small", 8);
        run = folder.resolve("checkpoints/tiny");
    }

    /** Two training shards, so small that their boundaries and those of epochs come every few steps; the third is for validation. */
    private void shards(String name, int paragraphs) throws IOException {
        Path data = Files.createDirectories(folder.resolve("data").resolve(name));
        for (int i = 0; i < 3; i++) {
            Path text = folder.resolve("text/" + name + i + ".txt");
            Files.writeString(text, Cli.story(paragraphs + 3 * i));
            Path part = folder.resolve(name + i);
            cli.run("data", "import", text.toString(), "--validation=0.2", "--out", part.toString())
                    .expect(0);
            try (Stream<Path> files = Files.list(part)) {
                Path first = files.filter(file -> file.toString().endsWith(".parquet"))
                        .sorted()
                        .findFirst()
                        .orElseThrow();
                Files.copy(first, data.resolve("shard_" + i + ".parquet"));
            }
        }
    }

    private Cli.Result train(String... more) {
        var args = new ArrayList<>(
                List.of("--model-tag=tiny", "--data=small", "--depth=1", "--aspect-ratio=32", "--sample-every=-1"));
        args.addAll(List.of(more));
        return cli.train(args.toArray(String[]::new));
    }

    private Cli.Result resume(String... more) {
        var args = new ArrayList<>(List.of("train", "--model-tag=tiny"));
        args.addAll(List.of(more));
        return cli.run(args.toArray(String[]::new));
    }

    static void assertSame(Path one, Path two) throws IOException {
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "tokenizer.json")) {
            assertEquals(-1, Files.mismatch(one.resolve(file), two.resolve(file)), file);
        }
        assertEquals(meta(one), meta(two));
    }

    private static JsonNode meta(Path step) throws IOException {
        JsonNode meta = JsonMapper.shared().readTree(Files.readString(step.resolve("meta.json")));
        ((ObjectNode) meta).remove("wall_clock");
        return meta;
    }

    private List<String> metrics(String kind) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .filter(line -> line.contains("\"kind\":\"" + kind + "\""))
                .map(line -> JsonMapper.shared().readTree(line).path("step").asString())
                .toList();
    }

    @Test
    @DisplayName("20 steps are 10, resumed, and 10 more, byte for byte, over shards and epochs, with other threads")
    void exact() throws IOException {
        train("--num-iterations=20", "--save-every=10", "--eval-every=4", "--threads=2")
                .expect(0);
        List<String> steps = metrics("step");
        List<String> validations = metrics("validation");
        JsonNode before = meta(run.resolve("step_000010")).at("/loader_state/next");
        JsonNode after = meta(run.resolve("step_000020")).at("/loader_state/next");
        assertTrue(after.get("epoch").asInt() > before.get("epoch").asInt(), before + " to " + after);

        Cli.Result result = resume("--resume=10", "--threads=1").expect(0);
        assertTrue(result.out().contains("Going on after step 10"), result.out());
        assertSame(run.resolve("step_000020.old"), run.resolve("step_000020"));
        assertEquals(steps, metrics("step"));
        assertEquals(validations, metrics("validation"));
        assertEquals(List.of("10"), metrics("resume"));
        assertEquals(List.of("20"), metrics("end"));
    }

    @Test
    @DisplayName("a newest checkpoint that is torn or was changed is named and passed over")
    void fallsBack() throws IOException {
        train("--num-iterations=9", "--save-every=3", "--eval-every=-1").expect(0);
        Path reference = folder.resolve("reference");
        Files.move(run.resolve("step_000009"), reference);
        Files.createDirectories(run.resolve("step_000009"));
        Files.copy(reference.resolve("meta.json"), run.resolve("step_000009/meta.json"));
        flipBit(run.resolve("step_000006/optimizer.safetensors"));
        Path leftover = Files.createDirectories(run.resolve(".step_000007.abc.tmp"));
        Files.writeString(leftover.resolve("model.safetensors"), "cut off");

        Cli.Result result = resume("--resume").expect(0);
        assertTrue(result.out().contains("passed over " + run.resolve("step_000009")), result.out());
        assertTrue(result.out().contains("optimizer.safetensors was changed"), result.out());
        assertTrue(result.out().contains("Going on after step 3"), result.out());
        assertFalse(Files.exists(leftover));
        assertTrue(Files.exists(run.resolve("step_000006.old")));
        assertSame(reference, run.resolve("step_000009"));
    }

    private static void flipBit(Path file) throws IOException {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(bytes.length() - 5);
            int value = bytes.read();
            bytes.seek(bytes.length() - 5);
            bytes.write(value ^ 4);
        }
    }

    @Test
    @DisplayName("a newest checkpoint that cannot be read is named and passed over")
    void unreadable() throws IOException {
        train("--num-iterations=6", "--save-every=3", "--eval-every=-1").expect(0);
        Path sums = run.resolve("step_000006/SHA256SUMS");
        Files.delete(sums);
        Files.createDirectory(sums);
        Cli.Result result = resume("--resume").expect(0);
        assertTrue(result.out().contains("passed over " + run.resolve("step_000006")), result.out());
        assertTrue(result.out().contains("Going on after step 3"), result.out());
    }

    @Test
    @DisplayName("resumed just before the loader enters the next shard, a run goes on exactly")
    void shardBoundary() throws IOException {
        shards("larger", 100);
        cli.train(
                        "--model-tag=tiny",
                        "--data=larger",
                        "--depth=1",
                        "--aspect-ratio=32",
                        "--sample-every=-1",
                        "--num-iterations=24",
                        "--save-every=1",
                        "--eval-every=-1")
                .expect(0);
        int step = 1;
        while (!entersShard(step)) {
            step++;
        }
        resume("--resume=" + step).expect(0);
        assertSame(run.resolve(name(step + 1) + ".old"), run.resolve(name(step + 1)));
        assertSame(run.resolve(name(24) + ".old"), run.resolve(name(24)));
    }

    private static String name(int step) {
        return String.format("step_%06d", step);
    }

    /** Whether the loader has come into another shard of the same epoch between the checkpoint of a step and the next one. */
    private boolean entersShard(int step) throws IOException {
        JsonNode before = meta(run.resolve(name(step))).at("/loader_state/next");
        JsonNode after = meta(run.resolve(name(step + 1))).at("/loader_state/next");
        return before.get("epoch").equals(after.get("epoch"))
                && before.get("shard").asInt() < after.get("shard").asInt();
    }

    @Test
    @DisplayName("engine and loader may have any number of threads before and after a resume: the bytes are the same")
    void threads() throws IOException {
        Path straight = folder.resolve("straight");
        try (Engine engine = Engine.open("cpu", new BackendOptions(2));
                Pretraining training = new Pretraining(options(8), inputs(2), engine, Long.MAX_VALUE)) {
            training.run(RunFolder.begin(straight, false), 0, () -> false, _ -> {});
        }
        SavedRun saved = SavedRun.open(straight.resolve(name(4)));
        for (int engineThreads = 1; engineThreads <= 3; engineThreads++) {
            for (int loaderThreads = 1; loaderThreads <= 3; loaderThreads++) {
                RunInputs inputs = inputs(loaderThreads);
                Resumption resumption = Resumption.of(saved, Set.of(), options(8), inputs.shards(), false);
                Path resumed = folder.resolve("resumed" + engineThreads + loaderThreads);
                try (Engine engine = Engine.open("cpu", new BackendOptions(engineThreads));
                        Pretraining training = new Pretraining(resumption.options(), inputs, engine, Long.MAX_VALUE)) {
                    training.resume(resumption);
                    training.run(RunFolder.begin(resumed, false), 0, () -> false, _ -> {});
                }
                assertSame(straight.resolve(name(8)), resumed.resolve(name(8)));
            }
        }
    }

    @Test
    @DisplayName(
            "a run that is there is neither replaced nor resumed unasked, and that is said before anything is planned or compiled")
    void existingRun() throws IOException {
        train("--num-iterations=2", "--eval-every=-1").expect(0);
        // a plan would fail for want of memory
        Cli.Result result = train("--memory-limit=1k").expect(1);
        assertTrue(result.err().contains("holds a run already"), result.err());
        assertTrue(train("--memory-limit=1k", "--replace").expect(1).err().contains("memory plan needs"));
        assertTrue(Files.exists(run.resolve("step_000002")));
    }

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

    private void assertRefused(String message, String... args) {
        Cli.Result result = resume(args).expect(1);
        assertTrue(result.err().contains(message), result.err());
    }

    @Test
    @DisplayName("--keep-last keeps the newest checkpoints and the best")
    void keepLast() throws IOException {
        train("--num-iterations=6", "--save-every=1", "--eval-every=1", "--keep-last=2", "--matrix-lr=3")
                .expect(0);
        try (Stream<Path> entries = Files.list(run)) {
            List<String> left = entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> name.contains("step_"))
                    .sorted()
                    .toList();
            assertTrue(left.containsAll(List.of("step_000005", "step_000006")), left.toString());
            assertTrue(left.size() == 2 || left.size() == 3, left.toString());
            double least = Double.POSITIVE_INFINITY;
            for (String name : left) {
                least = Math.min(least, meta(run.resolve(name)).get("val_bpb").asDouble());
            }
            List<Double> all = Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                    .map(line -> JsonMapper.shared().readTree(line))
                    .filter(node -> node.path("kind").asString().equals("validation")
                            && node.path("step").asInt() > 0)
                    .map(node -> node.path("val/bpb").asDouble())
                    .toList();
            assertEquals(all.stream().min(Double::compare).orElseThrow(), least);
        }
    }

    @Test
    @DisplayName("a run that another process trains is refused, for a new start and for a resume")
    void inUse() throws IOException {
        train("--num-iterations=2", "--eval-every=-1").expect(0);
        try (RunLock _ = RunLock.acquire(run)) {
            assertRefused("in use by another process", "--resume");
            assertTrue(train("--replace").expect(1).err().contains("in use by another process"));
        }
        resume("--resume").expect(0);
    }

    @Test
    @DisplayName("a save that fails keeps older checkpoints; training goes on, warns, and a later save works")
    void failedSave() throws IOException {
        var events = new ArrayList<String>();
        Path blocked = run.resolve("step_000008");
        try (Engine engine = Engine.open();
                Pretraining training = new Pretraining(options(12), inputs(1), engine, Long.MAX_VALUE)) {
            training.run(RunFolder.begin(run, false), 0, () -> false, event -> {
                switch (event) {
                    case TrainingEvent.Step step when step.step() == 6 -> write(blocked);
                    // the failure has to be known before the step at which the save is tried again
                    case TrainingEvent.Step step when step.step() == 8 -> SavingTest.pause(1000);
                    case TrainingEvent.Saved saved -> events.add("saved " + saved.step());
                    case TrainingEvent.SaveFailed failed -> events.add("failed " + failed.step());
                    default -> {}
                }
            });
        }
        assertEquals(List.of("saved 4", "failed 8", "saved 10", "saved 12"), events);
        for (String step : List.of("step_000004", "step_000010", "step_000012")) {
            assertEquals(
                    0, SavedRun.open(run.resolve(step)).progress().history().size());
        }
    }

    private static PretrainOptions options(int steps) {
        return new PretrainOptions(
                new PretrainOptions.ModelOptions(Architecture.CURRENT, 1, 32, 16, 32, "L"),
                new PretrainOptions.HorizonOptions(steps, -1, 12, 2, 64),
                new PretrainOptions.OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, 2, 0.65, 0.05),
                new PretrainOptions.Intervals(-1, 64, -1, 4),
                42);
    }

    private RunInputs inputs(int loaderThreads) throws IOException {
        TokenizerSource tokenizer = TokenizerSource.load(folder.resolve("tokenizer"));
        return new RunInputs(
                "tiny",
                Shards.open(folder.resolve("data/small")),
                tokenizer.tokenizer(),
                tokenizer.files(),
                loaderThreads);
    }

    /** A file under the name of a checkpoint lets that save fail. */
    private static void write(Path file) {
        try {
            Files.writeString(file, "in the way");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
