package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Base training takes the reference's options under their names, with its defaults; those left out are explained. */
class ReferenceOptionsTest {

    private static final CommandSpec TRAIN = new CommandLine(new TrainCommand(new Console(
                    new ByteArrayInputStream(new byte[0]),
                    new PrintStream(System.out),
                    new PrintStream(System.err),
                    false)))
            .getCommandSpec();

    @ParameterizedTest
    @DisplayName("name and default")
    @CsvSource({
        "--depth, 20",
        "--aspect-ratio, 64",
        "--head-dim, 128",
        "--max-seq-len, 2048",
        "--window-pattern, SSSL",
        "--num-iterations, -1",
        "--target-flops, -1.0",
        "--target-param-data-ratio, 12.0",
        "--device-batch-size, 32",
        "--total-batch-size, -1",
        "--embedding-lr, 0.3",
        "--unembedding-lr, 0.008",
        "--weight-decay, 0.28",
        "--matrix-lr, 0.02",
        "--scalar-lr, 0.5",
        "--warmup-steps, 40",
        "--warmdown-ratio, 0.65",
        "--final-lr-frac, 0.05",
        "--eval-every, 250",
        "--sample-every, 2000",
        "--save-every, -1",
        // the reference's 80 x 524,288 would take hours on a processor
        "--eval-tokens, 524288"
    })
    void defaults(String name, String value) {
        OptionSpec option = TRAIN.findOption(name);
        assertNotNull(option, name);
        assertEquals(value, String.valueOf(option.<Object>getValue()));
    }

    @Test
    @DisplayName("the run's name has no default; it is d and the depth")
    void tag() {
        assertNull(Objects.requireNonNull(TRAIN.findOption("--model-tag")).getValue());
    }

    @ParameterizedTest
    @DisplayName(
            "what makes no sense here or does not exist yet is not accepted in silence, and the documentation says why")
    @ValueSource(
            strings = {
                "--run",
                "--device-type",
                "--fp8",
                "--fp8-recipe",
                "--resume-from-step",
                "--core-metric-every",
                "--core-metric-max-per-task"
            })
    void leftOut(String name) throws IOException {
        assertNull(TRAIN.findOption(name));
        assertTrue(documentation().contains("`" + name + "`"), name);
    }

    @Test
    @DisplayName("the documentation names every option that is ours alone")
    void ours() throws IOException {
        String documentation = documentation();
        for (String name : new String[] {
            "--preset",
            "--architecture",
            "--dtype",
            "--embedding-dtype",
            "--seed",
            "--resume",
            "--allow-changes",
            "--keep-last",
            "--dry-run",
            "--threads",
            "--memory-limit",
            "--data",
            "--tokenizer",
            "--out",
            "--replace"
        }) {
            assertNotNull(TRAIN.findOption(name), name);
            assertTrue(documentation.contains("`" + name + "`"), name);
        }
    }

    private static String documentation() throws IOException {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("mvnw"))) {
            at = Objects.requireNonNull(at.getParent(), "no repository above the test");
        }
        return Files.readString(at.resolve("docs/training-options.md"));
    }
}
