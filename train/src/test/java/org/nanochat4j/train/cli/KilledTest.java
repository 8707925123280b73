package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Processes that are killed or asked to stop, at any moment, also while they save. */
@Timeout(600)
class KilledTest {

    /** Kills in all, in rounds of ten; for a campaign -Dnanochat.kills=200 -Djunit.jupiter.execution.timeout.mode=disabled. */
    private static final int KILLS = Integer.getInteger("nanochat.kills", 10);

    private static final int ROUND = 10;
    private static final int STEPS = 120;

    private static final Pattern WRITTEN = Pattern.compile("written in ([0-9.]+)s");

    @TempDir
    Path folder;

    private Cli cli;
    private Path run;

    @BeforeEach
    void prepare() throws IOException {
        cli = new Cli(folder);
        cli.prepare();
        run = folder.resolve("checkpoints/tiny");
    }

    private Process start(String... args) throws IOException {
        var all = new ArrayList<>(List.of("train", "--model-tag=tiny", "--threads=1"));
        all.addAll(List.of(args));
        return cli.process(List.of(), all.toArray(String[]::new)).start();
    }

    private Process begin(int saveEvery) throws IOException {
        return start(
                "--replace",
                "--data=own",
                "--depth=1",
                // 800,000 parameters: a save takes long enough to be hit
                "--aspect-ratio=256",
                "--head-dim=64",
                "--max-seq-len=32",
                "--device-batch-size=2",
                "--total-batch-size=128",
                "--num-iterations=" + STEPS,
                "--eval-every=-1",
                "--sample-every=-1",
                "--save-every=" + saveEvery,
                "--keep-last=3");
    }

    /** Reads until a line says so, or the process ends; returns what was printed. */
    private static String await(BufferedReader out, String word) throws IOException {
        var text = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            text.append(line).append('\n');
            if (line.contains(word)) {
                break;
            }
        }
        return text.toString();
    }

    @Test
    @DisplayName(
            "SIGKILLs at random moments, half of them aimed at saves: every run ends with the bytes of an undisturbed one")
    void killed() throws Exception {
        Process whole = begin(-1);
        String output = new String(whole.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, whole.waitFor(), output);
        String last = String.format("step_%06d", STEPS);
        Path reference = folder.resolve("reference");
        Files.move(run.resolve(last), reference);

        var random = new Random(1);
        int saving = 0;
        int deleting = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = kill % ROUND == 0 ? begin(2) : resume(2);
            try (BufferedReader out = process.inputReader()) {
                String seen = await(out, "written in");
                Matcher written = WRITTEN.matcher(seen);
                assertTrue(written.find(), "kill " + kill + ":\n" + seen);
                assertEquals(kill % ROUND > 0, seen.contains("Going on after step"), seen);
                assertFalse(seen.contains("passed over"), seen);
                if (kill % 3 != 2) {
                    awaitSave();
                    // some shots come too late, so more than half are aimed, and one half of those at the beginning of
                    // a save
                    double share = kill % 3 == 0 ? 0 : random.nextDouble();
                    Thread.sleep(Duration.ofNanos((long) (1e9 * share * Double.parseDouble(written.group(1)))));
                } else {
                    Thread.sleep(random.nextInt(200));
                }
                process.destroyForcibly();
            }
            assertEquals(137, process.waitFor(), "kill " + kill);
            saving += beingSaved().isEmpty() ? 0 : 1;
            deleting += beingDeleted().isEmpty() ? 0 : 1;
            if (kill % ROUND == ROUND - 1 || kill == KILLS - 1) {
                process = resume(-1);
                output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertEquals(0, process.waitFor(), output);
                TinyRun.assertSame(reference, run.resolve(last));
                assertEquals(STEPS, steps(), "lines of steps in the metrics");
                System.out.printf(
                        "%d kills: %d while a checkpoint was written, %d while one was deleted%n",
                        kill + 1, saving, deleting);
            }
        }
        assertTrue(saving > 0, "no kill fell into a save");
    }

    private Process resume(int saveEvery) throws IOException {
        return start("--resume", "--keep-last=3", "--save-every=" + saveEvery);
    }

    /** Returns when a save has just begun. */
    private void awaitSave() throws IOException {
        Set<String> before = beingSaved();
        long deadline = System.nanoTime() + 5_000_000_000L;
        while (before.containsAll(beingSaved()) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
    }

    /** Checkpoints under their temporary names. */
    private Set<String> beingSaved() throws IOException {
        return entries("\\.step_\\d+\\.[0-9a-f-]{36}\\.tmp");
    }

    private Set<String> beingDeleted() throws IOException {
        return entries("\\.step_\\d+\\.deleted\\.tmp");
    }

    private Set<String> entries(String name) throws IOException {
        try (Stream<Path> entries = Files.list(run)) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(entry -> entry.matches(name))
                    .collect(Collectors.toSet());
        }
    }

    private long steps() throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .filter(line -> line.contains("\"kind\":\"step\""))
                .count();
    }

    @ParameterizedTest(name = "SIG{0}")
    @CsvSource({"TERM, 15, 143", "INT, 2, 130"})
    @DisplayName(
            "SIGTERM and SIGINT: the step is finished and saved, it says how to go on, and the exit code tells the signal")
    void stopped(String signal, int number, int code) throws Exception {
        assumeFalse(isIgnored(number), "SIG" + signal + " is ignored by this process, and so by those it starts");
        Process process = begin(-1);
        try (BufferedReader out = process.inputReader()) {
            await(out, "step 00003/");
            assertEquals(
                    0,
                    new ProcessBuilder("kill", "-" + signal, "" + process.pid())
                            .start()
                            .waitFor());
            String rest = await(out, "go on with");
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(code, process.exitValue(), rest);
            assertTrue(rest.contains("Stopped after step"), rest);
            assertTrue(rest.contains("train --resume"), rest);
        }
        Cli.Result resumed = cli.run("train", "--resume", "--model-tag=tiny").expect(0);
        assertTrue(resumed.out().contains("Going on after step"), resumed.out());
        assertEquals(STEPS, steps(), "lines of steps in the metrics");
    }

    /** A signal that is ignored stays so in children, and a Java process then leaves it alone. */
    private static boolean isIgnored(int signal) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        String mask = Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .findFirst()
                .orElse("SigIgn: 0")
                .replaceFirst("SigIgn:\\s*", "");
        return (Long.parseUnsignedLong(mask, 16) >>> (signal - 1) & 1) == 1;
    }
}
