package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A run of one layer on two small shards, for tests that go on with it. */
abstract class TinyRun {

    @TempDir
    Path folder;

    Cli cli;
    Path run;

    @BeforeEach
    void prepare() throws IOException {
        cli = new Cli(folder);
        cli.prepare();
        shards("small", 8);
        run = folder.resolve("checkpoints/tiny");
    }

    /** Two training shards, so small that their boundaries and those of epochs come every few steps; the third is for validation. */
    void shards(String name, int paragraphs) throws IOException {
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

    Cli.Result train(String... more) {
        var args = new ArrayList<>(
                List.of("--model-tag=tiny", "--data=small", "--depth=1", "--aspect-ratio=32", "--sample-every=-1"));
        args.addAll(List.of(more));
        return cli.train(args.toArray(String[]::new));
    }

    Cli.Result resume(String... more) {
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

    static JsonNode meta(Path step) throws IOException {
        JsonNode meta = JsonMapper.shared().readTree(Files.readString(step.resolve("meta.json")));
        ((ObjectNode) meta).remove("wall_clock");
        return meta;
    }

    List<String> metrics(String kind) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .filter(line -> line.contains("\"kind\":\"" + kind + "\""))
                .map(line -> JsonMapper.shared().readTree(line).path("step").asString())
                .toList();
    }

    static String name(int step) {
        return String.format("step_%06d", step);
    }

    void assertRefused(String message, String... args) {
        Cli.Result result = resume(args).expect(1);
        assertTrue(result.err().contains(message), result.err());
    }
}
