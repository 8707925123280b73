package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed or asked to stop, at any moment, also while they save. */
@Timeout(180)
class KilledTest {

    private static final int KILLS = 10;
    private static final int STEPS = 120;

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
                "--aspect-ratio=32",
                "--head-dim=16",
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
    @DisplayName("ten SIGKILLs at random moments: the run ends with the bytes of an undisturbed one")
    void killed() throws Exception {
        Process whole = begin(100);
        String output = new String(whole.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, whole.waitFor(), output);
        String last = String.format("step_%06d", STEPS);
        Path reference = folder.resolve("reference");
        Files.move(run.resolve(last), reference);

        var random = new Random(1);
        Process process = begin(2);
        for (int kill = 0; kill < KILLS; kill++) {
            try (BufferedReader out = process.inputReader()) {
                String seen = await(out, "Saved");
                assertTrue(seen.contains("Saved"), "kill " + kill + ":\n" + seen);
                // saving takes about half of the time, so about half of the kills fall into it
                Thread.sleep(random.nextInt(60));
                process.destroyForcibly();
            }
            assertEquals(137, process.waitFor());
            process = start("--resume", "--keep-last=3", "--save-every=2");
        }
        output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
            assertEquals(
                    -1,
                    Files.mismatch(reference.resolve(file), run.resolve(last).resolve(file)),
                    file);
        }
        assertEquals(STEPS, steps(), "lines of steps in the metrics");
    }

    private long steps() throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .filter(line -> line.contains("\"kind\":\"step\""))
                .count();
    }

    @Test
    @DisplayName("SIGTERM: the step is finished and saved, it says how to go on, and the exit code is 143")
    void terminated() throws Exception {
        Process process = begin(-1);
        try (BufferedReader out = process.inputReader()) {
            await(out, "step 00003/");
            process.toHandle().destroy(); // SIGTERM; Process.destroy would close the output as well
            String rest = await(out, "go on with");
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(143, process.exitValue(), rest);
            assertTrue(rest.contains("Stopped after step"), rest);
            assertTrue(rest.contains("train --resume"), rest);
        }
        Cli.Result resumed = cli.run("train", "--resume", "--model-tag=tiny").expect(0);
        assertTrue(resumed.out().contains("Going on after step"), resumed.out());
        assertEquals(STEPS, steps(), "lines of steps in the metrics");
    }
}
