package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.train.pretrain.Metrics;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code runs/runcpu.sh} at its toy size, each command in a process of its own. */
class RunCpuScriptTest {

    private static final long MINUTES = 3;

    @TempDir
    Path folder;

    @Test
    @DisplayName("runs/runcpu.sh --toy goes from text to report")
    void toy() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/env")), "no /usr/bin/env: scripts cannot be run");
        Path text = folder.resolve("story.txt");
        Files.writeString(text, Cli.story(100));
        Path log = folder.resolve("log.txt");
        var script = new ProcessBuilder(root().resolve("runs/runcpu.sh").toString(), "--toy", text.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        script.environment().put("NANOCHAT", program().toString());
        script.environment().put("NANOCHAT_BASE_DIR", folder.resolve("base").toString());
        Process process = script.start();
        boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
        if (!ended) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        String output = Files.readString(log);
        assertTrue(ended, output);
        assertEquals(0, process.exitValue(), output);
        Path run = folder.resolve("base/checkpoints/runcpu-toy");
        List<JsonNode> steps = Files.readAllLines(run.resolve(Metrics.FILE)).stream()
                .map(line -> JsonMapper.shared().readTree(line))
                .filter(node -> node.get("kind").asString().equals("step"))
                .toList();
        assertEquals(20, steps.size());
        assertTrue(
                steps.getLast().get("train/smooth_loss").asDouble()
                        < steps.getFirst().get("train/smooth_loss").asDouble(),
                output);
        // what the toy size does not replace is the preset's
        JsonNode options = JsonMapper.shared()
                .readTree(Files.readAllLines(run.resolve(Metrics.FILE)).getFirst())
                .get("options");
        assertEquals("L", options.get("window_pattern").asString());
        assertTrue(Files.exists(folder.resolve("base/reports/runcpu-toy/report.html")), output);
    }

    /** The command line of this build, as the launcher would start it. */
    private Path program() throws IOException {
        Path program = folder.resolve("nanochat");
        Files.writeString(program, """
                #!/usr/bin/env bash
                exec '%s' --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
                  --sun-misc-unsafe-memory-access=allow -Djava.awt.headless=true -Xmx512m -cp '%s' %s "$@"
                """.formatted(
                        Path.of(System.getProperty("java.home"), "bin", "java"),
                        System.getProperty("java.class.path"),
                        Main.class.getName()));
        assertTrue(program.toFile().setExecutable(true));
        return program;
    }

    private static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("mvnw"))) {
            at = Objects.requireNonNull(at.getParent(), "no repository above the test");
        }
        return at;
    }
}
