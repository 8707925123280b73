package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
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

/** A run that goes on where it was saved is the run that was never interrupted. */
class ResumeTest extends TinyRun {

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
