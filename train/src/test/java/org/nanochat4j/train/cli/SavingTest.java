package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.pretrain.Metrics;
import org.nanochat4j.train.pretrain.PretrainOptions;
import org.nanochat4j.train.pretrain.Pretraining;
import org.nanochat4j.train.pretrain.RunFolder;
import org.nanochat4j.train.pretrain.RunInputs;
import org.nanochat4j.train.pretrain.SavedRun;
import org.nanochat4j.train.pretrain.TrainingEvent;
import org.nanochat4j.train.pretrain.TrainingListener;
import org.nanochat4j.train.report.RunLog;
import tools.jackson.databind.json.JsonMapper;

/** Checkpoints are written while training goes on, and a disk that is slow or full ends no run and costs no checkpoint. */
class SavingTest {

    private static final String FULL = "No space left on device";

    @TempDir
    Path folder;

    private RunInputs inputs;
    private Path run;
    private final List<TrainingEvent> events = new ArrayList<>();

    @BeforeEach
    void prepare() throws IOException {
        new Cli(folder).prepare();
        TokenizerSource tokenizer = TokenizerSource.load(folder.resolve("tokenizer"));
        inputs = new RunInputs(
                "tiny", Shards.open(folder.resolve("data/own")), tokenizer.tokenizer(), tokenizer.files(), 1);
        run = folder.resolve("run");
    }

    private static PretrainOptions options(int steps, int saveEvery) {
        return new PretrainOptions(
                new PretrainOptions.ModelOptions(Architecture.CURRENT, 1, 32, 16, 32, "L"),
                new PretrainOptions.HorizonOptions(steps, -1, 12, 2, 64),
                new PretrainOptions.OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, 2, 0.65, 0.05),
                new PretrainOptions.Intervals(-1, 64, -1, saveEvery),
                42);
    }

    private Pretraining pretraining(PretrainOptions options, Engine engine, long memoryLimit) {
        return new Pretraining(options, inputs, engine, memoryLimit);
    }

    /** Trains on one thread and notes what the listener is told. */
    private void train(PretrainOptions options, Path target, int keepLast, TrainingListener more) throws IOException {
        Thread caller = Thread.currentThread();
        events.clear();
        try (Engine engine = Engine.open("cpu", new BackendOptions(1));
                Pretraining training = pretraining(options, engine, Long.MAX_VALUE)) {
            assertTrue(training.copyBytes() > 0, "there is room for a copy of the state");
            int steps = training.run(RunFolder.begin(target, false), keepLast, () -> false, event -> {
                assertSame(caller, Thread.currentThread());
                events.add(event);
                more.on(event);
            });
            assertEquals(options.horizon().numIterations(), steps);
        }
    }

    private <E extends TrainingEvent> List<E> all(Class<E> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private TrainingEvent.Saved saved(int step) {
        return all(TrainingEvent.Saved.class).stream()
                .filter(event -> event.step() == step)
                .findFirst()
                .orElseThrow(() -> new AssertionError("step " + step + " was not saved: " + events));
    }

    /** Steps that were done while a save was in flight: those told between the step it belongs to and its completion. */
    private int stepsBeside(TrainingEvent.Saved saved) {
        return (int) events.subList(0, events.indexOf(saved)).stream()
                .filter(event -> event instanceof TrainingEvent.Step step && step.step() >= saved.step())
                .count();
    }

    @Test
    @DisplayName(
            "steps go on while a checkpoint goes to a slow disk, and it holds the state of its step, not of a later one")
    void slowDisk() throws IOException {
        train(options(60, 20), run, 0, _ -> {});
        Path reference = run.resolveSibling("reference");
        Files.move(run, reference);

        Path slow = WatchedDisk.watch(run, (change, path) -> {
            if (change == WatchedDisk.Change.WRITE && path.toString().contains("step_000020")) {
                pause(20);
            }
        });
        train(options(60, 20), slow, 0, _ -> {});
        TrainingEvent.Saved first = saved(20);
        assertTrue(first.writingSeconds() > 0.4, first.line());
        assertTrue(first.heldUpSeconds() < first.writingSeconds() / 4, first.line());
        assertTrue(stepsBeside(first) >= 5, stepsBeside(first) + " steps during the save");
        for (String step : List.of("step_000020", "step_000040", "step_000060")) {
            TinyRun.assertSame(reference.resolve(step), run.resolve(step));
            SavedRun.open(run.resolve(step));
        }
    }

    static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @DisplayName("a save waits for the one in flight, and a run that is stopped waits for its last")
    void oneAtATime() throws IOException {
        var writing = new TreeSet<String>();
        Path slow = WatchedDisk.watch(run, (change, path) -> {
            if (path.toString().contains("step_")) {
                if (change == WatchedDisk.Change.WRITE) {
                    pause(5);
                }
                synchronized (writing) {
                    writing.add(path.toString().replaceAll(".*step_(\\d+).*", "$1"));
                    if (change == WatchedDisk.Change.MOVE) {
                        assertEquals(1, writing.size(), "checkpoints being written: " + writing);
                        writing.clear();
                    }
                }
            }
        });
        var stop = new AtomicBoolean();
        int steps;
        try (Engine engine = Engine.open("cpu", new BackendOptions(1));
                Pretraining training = pretraining(options(1000, 3), engine, Long.MAX_VALUE)) {
            steps = training.run(RunFolder.begin(slow, false), 0, stop::get, event -> {
                events.add(event);
                stop.set(event instanceof TrainingEvent.Step step && step.step() >= 9);
            });
        }
        assertEquals(11, steps);
        assertEquals(
                List.of(3, 6, 9, 11),
                all(TrainingEvent.Saved.class).stream()
                        .map(TrainingEvent.Saved::step)
                        .toList());
        SavedRun.open(run.resolve("step_000011"));
    }

    @Test
    @DisplayName("without memory for a copy of the state it says so, and training waits for the writing")
    void noMemory() throws IOException {
        try (Engine engine = Engine.open("cpu", new BackendOptions(1))) {
            long plan;
            try (Pretraining training = pretraining(options(4, 2), engine, Long.MAX_VALUE)) {
                plan = training.plan().totalBytes();
                assertTrue(training.copyBytes() > 0);
            }
            try (Pretraining training = pretraining(options(4, 2), engine, plan)) {
                assertEquals(0, training.copyBytes());
                training.run(RunFolder.begin(run, false), 0, () -> false, events::add);
            }
        }
        for (int step : List.of(2, 4)) {
            TrainingEvent.Saved saved = saved(step);
            assertTrue(saved.heldUpSeconds() >= saved.writingSeconds(), saved.line());
            assertEquals(0, stepsBeside(saved));
            SavedRun.open(saved.folder());
        }
    }

    /** Fails the k-th change of the save after step 2k; every other save is left alone. */
    private static final class FullNowAndThen implements WatchedDisk.Watch {
        private static final Pattern BEGUN = Pattern.compile(".*/\\.step_(\\d{6})\\.[0-9a-f-]{36}\\.tmp");

        private final Map<Integer, Integer> changes = new ConcurrentHashMap<>();
        private final boolean failing;
        private int save;

        FullNowAndThen(boolean failing) {
            this.failing = failing;
        }

        @Override
        public void before(WatchedDisk.Change change, Path path) throws IOException {
            if (change == WatchedDisk.Change.CREATE && !path.toString().contains("step_")) {
                return; // the folder of the run, which is there
            }
            Matcher begun = BEGUN.matcher(path.toString());
            if (change == WatchedDisk.Change.CREATE && begun.matches()) {
                save = Integer.parseInt(begun.group(1));
            }
            int number = changes.merge(save, 1, Integer::sum);
            if (failing && save > 0 && save % 2 == 0 && number == save / 2) {
                throw new FileSystemException(path.toString(), null, FULL);
            }
        }
    }

    @Test
    @DisplayName(
            "a disk that is full at any one change of a save: the old checkpoint stays, it warns, training goes on, the next save works")
    void fullAtEveryChange() throws IOException {
        var counting = new FullNowAndThen(false);
        train(options(4, 1), WatchedDisk.watch(run, counting), 2, _ -> {});
        // the third save is the first that deletes an older checkpoint
        int changes = counting.changes.getOrDefault(3, 0);
        assertTrue(changes > 50, changes + " changes of a save");
        Files.move(run, run.resolveSibling("counted"));

        train(options(2 * changes + 1, 1), WatchedDisk.watch(run, new FullNowAndThen(true)), 2, event -> {
            switch (event) {
                case TrainingEvent.Saved saved -> verify(saved.step());
                case TrainingEvent.SaveFailed failed -> {
                    assertTrue(failed.problem().contains(FULL), failed.problem());
                    assertFalse(Files.exists(run.resolve(name(failed.step()))));
                    verify(failed.step() - 1);
                }
                default -> {}
            }
        });
        Set<Integer> saved = steps(TrainingEvent.Saved.class, TrainingEvent.Saved::step);
        Set<Integer> failed = steps(TrainingEvent.SaveFailed.class, TrainingEvent.SaveFailed::step);
        Set<Integer> warned = steps(TrainingEvent.Warning.class, TrainingEvent.Warning::step);
        for (int step = 1; step <= 2 * changes + 1; step++) {
            assertEquals(step % 2 == 1 || warned.contains(step), saved.contains(step), "saved after step " + step);
            assertEquals(step % 2 == 0 && !warned.contains(step), failed.contains(step), "failed after step " + step);
        }
        assertEquals(changes, failed.size() + warned.size());
        // moving an old checkpoint away, and deleting its files and itself
        assertTrue(warned.size() >= 5, "warnings of deletions that failed: " + warned);
        assertEquals(
                List.of(name(2 * changes), name(2 * changes + 1)),
                left(),
                "failed saves and deletions leave nothing behind");
    }

    private static String name(int step) {
        return String.format("step_%06d", step);
    }

    private void verify(int step) {
        try {
            SavedRun.open(run.resolve(name(step)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private <E extends TrainingEvent> Set<Integer> steps(Class<E> type, ToIntFunction<E> step) {
        return all(type).stream().mapToInt(step).boxed().collect(Collectors.toSet());
    }

    private List<String> left() throws IOException {
        try (Stream<Path> entries = Files.list(run)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    @DisplayName("the last save is tried again; asked to stop, only for a moment, and then the run ends with an error")
    void lastSave() throws IOException {
        var failures = new AtomicInteger();
        Path once = WatchedDisk.watch(run, (change, path) -> {
            if (change == WatchedDisk.Change.FORCE
                    && path.endsWith(Checkpoint.MODEL)
                    && failures.getAndIncrement() == 0) {
                throw new IOException(FULL);
            }
        });
        train(options(3, -1), once, 0, _ -> {});
        assertEquals(Set.of(3), steps(TrainingEvent.SaveFailed.class, TrainingEvent.SaveFailed::step));
        assertEquals(3, saved(3).step());
        verify(3);

        Path other = folder.resolve("other");
        Path full = WatchedDisk.watch(other, (change, path) -> {
            if (change == WatchedDisk.Change.WRITE && path.toString().contains(name(5))) {
                throw new IOException(FULL);
            }
        });
        var stop = new AtomicBoolean();
        try (Engine engine = Engine.open("cpu", new BackendOptions(1));
                Pretraining training = pretraining(options(1000, 2), engine, Long.MAX_VALUE)) {
            RunFolder begun = RunFolder.begin(full, false);
            IOException e = assertThrows(
                    IOException.class,
                    () -> training.run(
                            begun,
                            0,
                            stop::get,
                            event -> stop.set(
                                    event instanceof TrainingEvent.Step step && step.step() >= 3 || stop.get())));
            assertTrue(e.toString().contains("after step 5, could not be written"), e.toString());
        }
        SavedRun.open(other.resolve(name(4)));
    }

    @Test
    @DisplayName("metrics that cannot be written wait for room on the disk, in order, and the warning repeats")
    void metrics() throws IOException {
        var full = new AtomicBoolean();
        var warnings = new ArrayList<String>();
        Files.createDirectories(run);
        Path disk = WatchedDisk.watch(run, (change, _) -> {
            if (change == WatchedDisk.Change.WRITE && full.get()) {
                throw new IOException(FULL);
            }
        });
        try (Metrics metrics = Metrics.begin(disk, warnings::add)) {
            for (int step = 0; step < 60; step++) {
                full.set(step >= 10 && step < 35);
                metrics.on(new TrainingEvent.Validation(step, 1.5, 64, 0.1));
            }
        }
        List<Integer> told = Files.readAllLines(run.resolve(Metrics.FILE)).stream()
                .map(line -> JsonMapper.shared().readTree(line).path("step").asInt())
                .toList();
        assertEquals(IntStream.range(0, 60).boxed().toList(), told);
        assertEquals(3, warnings.size(), warnings.toString());
        assertTrue(warnings.getFirst().contains(FULL), warnings.getFirst());

        Metrics metrics = Metrics.append(disk, warnings::add);
        full.set(true);
        metrics.on(new TrainingEvent.Validation(60, 1.5, 64, 0.1));
        metrics.close();
        assertTrue(warnings.getLast().contains("the last 1 lines"), warnings.getLast());
    }

    @Test
    @DisplayName("metrics that were cut off within a character go on from the last whole line before the step")
    void cutOff() throws IOException {
        Files.createDirectories(run);
        try (Metrics metrics = Metrics.begin(run, _ -> {})) {
            metrics.on(new TrainingEvent.Started(Map.of("name", "é")));
            metrics.on(new TrainingEvent.Sample(2, "é", "ö"));
            metrics.on(new TrainingEvent.Sample(3, "ü", "ß"));
        }
        Path file = run.resolve(Metrics.FILE);
        byte[] whole = Files.readAllBytes(file);
        int cut = whole.length - 1;
        while (whole[cut] >= 0) {
            cut--;
        }
        Files.write(file, Arrays.copyOf(whole, cut));
        assertEquals(1, RunLog.read(run).samples().size());
        try (Metrics metrics = Metrics.resume(run, 2, _ -> {})) {
            metrics.on(new TrainingEvent.Sample(4, "a", "b"));
        }
        assertEquals(
                List.of(2, 4),
                RunLog.read(run).samples().stream()
                        .map(sample -> sample.path("step").asInt())
                        .toList());
        assertEquals("ö", RunLog.read(run).samples().getFirst().path("text").asString());
    }

    /** {@code mount -t tmpfs -o size=4m tmpfs DIR}, and -Dnanochat.small.disk=DIR. */
    @Test
    @EnabledIfSystemProperty(
            named = "nanochat.small.disk",
            matches = ".+",
            disabledReason = "needs a small disk of its own, named by -Dnanochat.small.disk")
    @DisplayName(
            "a real disk with 0 to 120 % of the bytes that a save needs: nothing is lost, and saving works again when there is room")
    void smallDisk(TestReporter reporter) throws IOException {
        int trials = 60;
        Path disk = Path.of(System.getProperty("nanochat.small.disk"));
        Path ballast = disk.resolve("ballast");
        run = disk.resolve("run");
        var tally = new TreeMap<String, Integer>();
        for (int trial = 0; trial < trials; trial++) {
            deleteTree(run);
            int share = 120 * trial / (trials - 1);
            var warnings = new ArrayList<String>();
            var holder = new ArrayList<Metrics>();
            train(options(60, 4), run, 0, event -> {
                try {
                    if (holder.isEmpty()) {
                        holder.add(Metrics.begin(run, warnings::add));
                    }
                    holder.getFirst().on(event);
                    if (event instanceof TrainingEvent.Saved saved && saved.step() == 4) {
                        fill(ballast, bytes(saved.folder()) * share / 100);
                    } else if (event instanceof TrainingEvent.Step step && step.step() == 30) {
                        Files.delete(ballast);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            holder.getFirst().close();
            for (TrainingEvent.Saved saved : all(TrainingEvent.Saved.class)) {
                SavedRun.open(saved.folder());
            }
            Set<Integer> saved = steps(TrainingEvent.Saved.class, TrainingEvent.Saved::step);
            assertTrue(saved.containsAll(List.of(4, 40, 60)), "with " + share + " %: " + saved);
            List<String> told = Files.readAllLines(run.resolve(Metrics.FILE));
            assertEquals(
                    60,
                    told.stream()
                            .filter(line -> line.contains("\"kind\":\"step\""))
                            .count());
            tally.merge("saves that worked", saved.size(), Integer::sum);
            tally.merge("saves that failed", all(TrainingEvent.SaveFailed.class).size(), Integer::sum);
            tally.merge(
                    "sizes with a failed save",
                    all(TrainingEvent.SaveFailed.class).isEmpty() ? 0 : 1,
                    Integer::sum);
            tally.merge("warnings of metrics", warnings.size(), Integer::sum);
        }
        assertTrue(tally.getOrDefault("saves that failed", 0) > trials, tally.toString());
        reporter.publishEntry(trials + " sizes", tally.toString());
    }

    /** Leaves so many bytes free. */
    private static void fill(Path ballast, long free) throws IOException {
        try (FileChannel channel = FileChannel.open(ballast, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocate(4096);
            try {
                while (true) {
                    channel.write(zeros.clear());
                }
            } catch (IOException _) {
                channel.truncate(Math.max(0, channel.size() - free));
            }
        }
    }

    private static long bytes(Path checkpoint) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.list(checkpoint)) {
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }

    private static void deleteTree(Path root) throws IOException {
        if (Files.exists(root)) {
            try (Stream<Path> all = Files.walk(root)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
