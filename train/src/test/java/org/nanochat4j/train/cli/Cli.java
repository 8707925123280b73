package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nanochat4j.train.random.PythonRandom;

/**
 * The command line as a user has it, with a base folder of its own.
 *
 * @param base folder that stands for {@code ~/.cache/nanochat4j}
 */
record Cli(Path base) {

    /** A model so small that a run takes a second or two. */
    static final List<String> TINY = List.of(
            "--data=own",
            "--depth=2",
            "--aspect-ratio=16",
            "--head-dim=16",
            "--max-seq-len=32",
            "--device-batch-size=2",
            "--total-batch-size=128",
            "--num-iterations=6",
            "--eval-every=3",
            "--eval-tokens=256",
            "--save-every=3",
            "--sample-every=6",
            "--warmup-steps=2");

    private static final List<String> WORDS = List.of(
            "apple", "river", "stone", "green", "walks", "under", "bridge", "light", "music", "seven", "garden",
            "writes", "letter", "winter", "gold", "the", "and", "of", "a", "slowly");

    /** What a command left behind. */
    record Result(int code, String out, String err) {

        /** The exit code must be this one; otherwise everything that was printed is shown. */
        Result expect(int expected) {
            assertEquals(expected, code, () -> "standard output:\n" + out + "\nstandard error:\n" + err);
            return this;
        }
    }

    Result run(String... args) {
        return run(new byte[0], args);
    }

    /** The same command as a process of its own, behind a command that starts another, if one is given; standard error joins standard output. */
    ProcessBuilder process(List<String> behind, String... args) {
        var command = new ArrayList<>(behind);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(Arrays.asList(args));
        command.add("--base-dir=" + base);
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    Result run(byte[] in, String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var all = new ArrayList<>(Arrays.asList(args));
        all.add("--base-dir");
        all.add(base.toString());
        var console = new Console(
                new ByteArrayInputStream(in),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        int code = Main.execute(console, all.toArray(String[]::new));
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** A training run of the tiny model; more arguments override. */
    Result train(String... more) {
        var args = new ArrayList<String>(List.of("train"));
        for (String option : TINY) {
            String name = option.substring(0, option.indexOf('=') + 1);
            if (Arrays.stream(more).noneMatch(other -> other.startsWith(name))) {
                args.add(option);
            }
        }
        args.addAll(Arrays.asList(more));
        return run(args.toArray(String[]::new));
    }

    /** Makes a dataset {@code own} of generated sentences and a tokenizer of 300 ids. */
    void prepare() throws IOException {
        Path text = base.resolve("text/story.txt");
        Files.createDirectories(base.resolve("text"));
        Files.writeString(text, story(400));
        run("data", "import", text.toString(), "--validation", "0.2").expect(0);
        run("tok", "train", "--input", base.resolve("data/own").toString(), "--vocab-size", "300")
                .expect(0);
    }

    /** Paragraphs of random sentences, always the same. */
    static String story(int paragraphs) {
        var random = new PythonRandom(7);
        var text = new StringBuilder();
        for (int paragraph = 0; paragraph < paragraphs; paragraph++) {
            for (int sentence = 0; sentence < 40; sentence++) {
                for (int word = 0; word < 8; word++) {
                    text.append(word == 0 ? "" : " ").append(random.choice(WORDS));
                }
                text.append(". ");
            }
            text.append("\n\n");
        }
        return text.toString();
    }
}
