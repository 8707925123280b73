package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.nanochat4j.tokenizer.TokenizerFiles;

/** Everything a user can get wrong: one clear line, the right exit code, nothing lost. */
class BadInputTest {

    @TempDir
    static Path folder;

    private static Cli cli;
    private static Path run;

    @BeforeAll
    static void prepare() throws IOException {
        cli = new Cli(folder);
        cli.prepare();
        cli.train("--model-tag=good", "--eval-every=-1", "--sample-every=-1", "--save-every=-1")
                .expect(0);
        run = folder.resolve("checkpoints/good");
    }

    /** One line, the exit code, and these words in it; never a stack trace. */
    private static String refused(int code, Cli.Result result, String... words) {
        result.expect(code);
        List<String> lines =
                result.err().lines().filter(line -> line.startsWith("nanochat")).toList();
        assertEquals(1, lines.size(), result.err());
        assertFalse(result.err().contains("\tat "), result.err());
        for (String word : words) {
            assertTrue(result.err().contains(word), () -> "no \"" + word + "\" in: " + result.err());
        }
        return lines.getFirst();
    }

    @Test
    @DisplayName("no dataset, an empty folder, a folder with one shard")
    void noShards() throws IOException {
        refused(1, cli.train("--data=nowhere"), "no such folder", "data jdk");
        Path empty = Files.createDirectories(folder.resolve("empty"));
        refused(1, cli.train("--data=" + empty), "no shards", "data import");
        Path single = Files.createDirectories(folder.resolve("single"));
        Files.copy(shards().getFirst(), single.resolve("a.parquet"));
        refused(1, cli.train("--data=" + single, "--out=" + folder.resolve("none")), "only one shard");
        assertFalse(Files.exists(folder.resolve("none")));
    }

    @Test
    @DisplayName("a truncated shard, and a file that is no parquet, are named")
    void damagedShards() throws IOException {
        Path broken = copyOfDataset("broken");
        Path first = broken.resolve(shards().getFirst().getFileName());
        byte[] bytes = Files.readAllBytes(first);
        Files.write(first, Arrays.copyOf(bytes, bytes.length / 2));
        refused(1, cli.train("--data=" + broken), first.toString(), "truncated or damaged");
        Files.writeString(first, "this is no parquet file");
        refused(1, cli.run("tok", "train", "--input", broken.toString(), "--vocab-size=300"), first.toString());
        refused(1, cli.run("data", "info", broken.toString()), first.toString());
    }

    @Test
    @DisplayName("a missing text column names the columns there are")
    void missingColumn() {
        refused(
                1,
                cli.run("data", "import", shards().getFirst().toString(), "--column=body", "--name=c"),
                "no text column \"body\"",
                "text");
        assertFalse(Files.exists(folder.resolve("data/c")));
    }

    @Test
    @DisplayName("invalid UTF-8 in a file and on standard input, with its place")
    void invalidUtf8() throws IOException {
        Path file = folder.resolve("latin1.txt");
        Files.write(file, new byte[] {'c', 'a', 'f', (byte) 0xE9, ' ', 'x', '\n'});
        refused(1, cli.run("data", "import", file.toString(), "--name=u"), "latin1.txt", "UTF-8");
        assertFalse(Files.exists(folder.resolve("data/u")));
        refused(1, cli.run(new byte[] {'a', 'b', (byte) 0xFF}, "tok", "encode"), "standard input", "byte 2");
        refused(1, cli.run("score", "--checkpoint", run.toString(), "--text", file.toString()), "latin1.txt", "byte 3");
    }

    @Test
    @DisplayName("a failed import with --replace keeps the dataset; without --replace it is not touched")
    void importKeepsDataset() throws IOException {
        Path file = folder.resolve("bad.txt");
        Files.write(file, new byte[] {(byte) 0xC3});
        List<Path> before = shards();
        refused(1, cli.run("data", "import", file.toString(), "--replace"), "bad.txt");
        refused(1, cli.run("data", "import", folder.resolve("text").toString()), "not empty", "--replace");
        assertEquals(before, shards());
        cli.run("data", "info", "own").expect(0);
    }

    @Test
    @DisplayName(
            "a vocabulary smaller than bytes and special tokens, or larger than the text has pairs for; the old tokenizer stays")
    void vocabulary() throws IOException {
        Path tokenizer = folder.resolve("tokenizer/tokenizer.json");
        byte[] before = Files.readAllBytes(tokenizer);
        refused(1, cli.run("tok", "train", "--input", data(), "--vocab-size=264"), "264", "265");
        refused(1, cli.run("tok", "train", "--input", data(), "--vocab-size=20000"), "give more text", "--vocab-size");
        assertTrue(Arrays.equals(before, Files.readAllBytes(tokenizer)));
    }

    @Test
    @DisplayName("depth 0, an odd head size, a bad window pattern, an unknown architecture: wrong usage")
    void modelShape() {
        refused(2, cli.train("--depth=0"), "depth", "at least 1");
        refused(2, cli.run("info", "--depth=-3"), "depth");
        refused(2, cli.train("--head-dim=15"), "15", "even");
        refused(2, cli.train("--head-dim=0"), "head size");
        refused(2, cli.run("info", "--window-pattern=SXL"), "SXL", "S and L");
        refused(2, cli.run("info", "--architecture=new"), "new", "current");
        refused(2, cli.run("info", "--vocab-size=0"), "vocab_size");
    }

    @Test
    @DisplayName("a batch that is no multiple, a batch of nothing, no horizon: wrong usage with a number that would do")
    void batch() {
        refused(2, cli.train("--total-batch-size=100"), "no multiple of 64", "--total-batch-size 64");
        refused(2, cli.train("--device-batch-size=0"), "device batch size 0");
        refused(2, cli.train("--num-iterations=-1", "--target-param-data-ratio=-1"), "--num-iterations");
        refused(2, cli.train("--num-iterations=-1", "--target-flops=1"), "target FLOPs");
        refused(2, cli.train("--target-flops=1e12"), "--num-iterations", "--target-flops");
    }

    @Test
    @DisplayName("learning rates, decays and shares that are no such numbers: wrong usage, before anything is read")
    void rates() {
        for (String option : List.of(
                "--embedding-lr",
                "--unembedding-lr",
                "--matrix-lr",
                "--scalar-lr",
                "--weight-decay",
                "--final-lr-frac")) {
            for (String value : List.of("NaN", "Infinity", "-0.1")) {
                refused(2, cli.train(option + "=" + value), option + " " + value, "0 or more");
            }
        }
        refused(2, cli.train("--warmdown-ratio=NaN"), "--warmdown-ratio", "from 0 to 1");
        refused(2, cli.train("--target-param-data-ratio=NaN"), "--target-param-data-ratio NaN");
        refused(2, cli.train("--warmup-steps=-1"), "--warmup-steps");
        refused(2, cli.train("--eval-tokens=0"), "--eval-tokens");
    }

    @Test
    @DisplayName("too little memory: the plan, a setting that fits, and nothing begun")
    void memory() {
        Path out = folder.resolve("too-large");
        Cli.Result result =
                cli.train("--memory-limit=4M", "--device-batch-size=64", "--total-batch-size=2048", "--out=" + out);
        refused(1, result, "memory plan needs", "4.0 MiB", "temporaries", "--device-batch-size");
        assertFalse(Files.exists(out));
        refused(1, cli.train("--memory-limit=10k", "--out=" + out), "smaller --depth");
        refused(2, cli.train("--memory-limit=lots"), "lots");
    }

    @Test
    @DisplayName(
            "a loss that is not finite ends the run with the step; the checkpoints before it stay, and none is written after")
    void notFinite() {
        Cli.Result result = cli.train(
                "--model-tag=diverged",
                "--unembedding-lr=1e38",
                "--matrix-lr=1e38",
                "--embedding-lr=1e38",
                "--save-every=1");
        refused(1, result, "the loss is", "at step", "lower learning rates");
        Path diverged = folder.resolve("checkpoints/diverged");
        assertTrue(Files.exists(diverged.resolve("step_000001/meta.json")));
        assertFalse(Files.exists(diverged.resolve("step_000006")));
    }

    @Test
    @DisplayName("a run is not overwritten unless asked to, and then moved aside")
    void existingRun() throws IOException {
        refused(1, cli.train("--model-tag=good"), "holds a run already", "--replace");
        assertTrue(Files.exists(run.resolve("step_000006/model.safetensors")));
        cli.train("--model-tag=second", "--num-iterations=1", "--eval-every=-1", "--sample-every=-1")
                .expect(0);
        cli.train("--model-tag=second", "--num-iterations=2", "--eval-every=-1", "--sample-every=-1", "--replace")
                .expect(0);
        assertTrue(Files.exists(folder.resolve("checkpoints/second.old/step_000001/model.safetensors")));
        assertTrue(Files.exists(folder.resolve("checkpoints/second/step_000002/model.safetensors")));
        Path other = Files.createDirectories(folder.resolve("other"));
        Files.writeString(other.resolve("thesis.txt"), "mine");
        refused(1, cli.train("--out=" + other, "--replace"), "other files");
        assertTrue(Files.exists(other.resolve("thesis.txt")));
    }

    @Test
    @Timeout(120)
    @DisplayName("a run folder in use by another process is left alone: no new start, no resume, not even by replacing")
    void inUse() throws Exception {
        Path busy = folder.resolve("checkpoints/busy");
        var args = new ArrayList<>(List.of("train", "--model-tag=busy", "--threads=1"));
        args.addAll(Cli.TINY);
        args.removeIf(arg -> arg.startsWith("--num-iterations"));
        args.add("--num-iterations=1000000");
        Process other = cli.process(List.of(), args.toArray(String[]::new)).start();
        try (BufferedReader out = other.inputReader()) {
            String line = out.readLine();
            while (line != null && !line.contains("Saved")) {
                line = out.readLine();
            }
            assertNotNull(line, "the other process ended");
            refused(1, cli.train("--model-tag=busy", "--replace"), "in use by another process", busy.toString());
            refused(1, cli.run("train", "--resume", "--model-tag=busy"), "in use by another process", busy.toString());
            assertTrue(other.isAlive());
            assertTrue(Files.exists(busy.resolve("step_000003/meta.json")));
            assertFalse(Files.exists(folder.resolve("checkpoints/busy.old")));
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    @DisplayName("ids outside the vocabulary, an empty list, something else than lists")
    void ids() throws IOException {
        Path file = folder.resolve("bad-ids.json");
        for (String[] bad : new String[][] {
            {"[[1, 2, 300]]", "300"},
            {"[[1, -1]]", "-1"},
            {"[[1, 2], []]", "empty"},
            {"[1, 2, 3]", "[[1, 2, 3], [4, 5]]"},
            {"[]", "[[1, 2, 3], [4, 5]]"},
            {"[[1.5]]", "[[1, 2, 3], [4, 5]]"},
            {"[[1, 2", "no JSON"}
        }) {
            Files.writeString(file, bad[0]);
            refused(1, cli.run("score", "--checkpoint", run.toString(), "--ids", file.toString()), bad[1]);
        }
        refused(1, cli.run("tok", "decode", "300"), "300", "outside the vocabulary");
        refused(2, cli.run(new byte[] {'x'}, "tok", "decode"), "JSON list");
    }

    @Test
    @DisplayName("a checkpoint that is none, was tampered with, or lies about its shape")
    void checkpoints() throws IOException {
        refused(1, cli.run("sample", "--checkpoint", data()), "no checkpoint", "meta.json");
        Path tampered = copyOfCheckpoint("tampered");
        byte[] weights = Files.readAllBytes(tampered.resolve("model.safetensors"));
        weights[weights.length / 2] ^= 1;
        Files.write(tampered.resolve("model.safetensors"), weights);
        refused(1, cli.run("sample", "--checkpoint", tampered.toString()), "model.safetensors", "changed");
        Path odd = copyOfCheckpoint("odd");
        Files.delete(odd.resolve("SHA256SUMS"));
        String meta = Files.readString(odd.resolve("meta.json"));
        Files.writeString(odd.resolve("meta.json"), meta.replace("\"n_head\": 2", "\"n_head\": 3"));
        refused(1, cli.run("score", "--checkpoint", odd.toString(), "--ids", "x"), "n_head 3 does not divide");
    }

    @Test
    @DisplayName("weights are not used with another tokenizer than they were trained with, by any command")
    void otherTokenizer() throws IOException {
        Path smaller = tokenizer("smaller", data(), 280);
        // as many ids, learned from other text: nothing but the fingerprint tells
        Path text = Files.writeString(folder.resolve("other.txt"), Cli.story(40).toUpperCase(Locale.ROOT));
        Path other = tokenizer("other", text.toString(), 300);
        String own = fingerprint(folder.resolve("tokenizer"));
        Path ids = Files.writeString(folder.resolve("some-ids.json"), "[[1, 2, 3]]");
        for (Path wrong : List.of(smaller, other)) {
            String[] words = {own, fingerprint(wrong), "is not the one that", "leave --tokenizer out"};
            String tokenizer = "--tokenizer=" + wrong;
            String checkpoint = "--checkpoint=" + run;
            refused(1, cli.run("sample", checkpoint, tokenizer), words);
            refused(1, cli.run("score", checkpoint, tokenizer, "--text=" + text), words);
            refused(1, cli.run("score", checkpoint, tokenizer, "--ids=" + ids), words);
            refused(1, cli.run("train", "--resume", "--model-tag=good", tokenizer), words);
        }
        refused(1, cli.run("sample", "--checkpoint=" + run, "--tokenizer=" + folder.resolve("gone")), "gone");
    }

    @Test
    @DisplayName("a checkpoint whose tokenizer was exchanged is not used, also without checksums")
    void exchangedTokenizer() throws IOException {
        Path text = Files.writeString(folder.resolve("exchanged.txt"), new StringBuilder(Cli.story(40)).reverse());
        Path other = tokenizer("exchanged", text.toString(), 300);
        Path copy = copyOfCheckpoint("exchanged-checkpoint");
        Files.copy(
                other.resolve("tokenizer.json"), copy.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
        refused(1, cli.run("sample", "--checkpoint=" + copy), "tokenizer.json", "changed");
        Files.delete(copy.resolve("SHA256SUMS"));
        refused(
                1,
                cli.run("sample", "--checkpoint=" + copy),
                fingerprint(other),
                "the files are of different tokenizers");
        Files.copy(
                other.resolve("tokenizer_meta.json"),
                copy.resolve("tokenizer_meta.json"),
                StandardCopyOption.REPLACE_EXISTING);
        refused(1, cli.run("sample", "--checkpoint=" + copy), fingerprint(other), "is not the one that");
        refused(1, cli.run("score", "--checkpoint=" + copy, "--text=" + text), fingerprint(other));
    }

    private static Path tokenizer(String name, String input, int ids) {
        Path out = folder.resolve(name);
        cli.run("tok", "train", "--input", input, "--vocab-size=" + ids, "--out", out.toString())
                .expect(0);
        return out;
    }

    private static String fingerprint(Path tokenizer) throws IOException {
        return TokenizerFiles.load(tokenizer).fingerprint();
    }

    @Test
    @DisplayName(
            "unknown options and commands, missing and contradicting arguments: wrong usage with a pointer to --help")
    void usage() {
        refused(2, cli.run("train", "--dept=4"), "--dept", "nanochat train --help");
        refused(2, cli.run("train", "--depth=four"), "four", "--help");
        refused(2, cli.run("score", "--checkpoint", run.toString()), "--text", "--ids");
        refused(2, cli.run("score", "--text=a", "--ids=b"), "--text", "--ids");
        refused(2, cli.run("data", "import"), "PATH");
        refused(2, cli.train("--threads=-2"), "--threads");
        refused(2, cli.run("sample", "--checkpoint", run.toString(), "--temperature=-1"), "temperature");
        refused(2, cli.run("fly"), "fly");
    }

    @Test
    @DisplayName("a prompt that does not fit the model's positions")
    void promptTooLong() {
        refused(2, cli.run("sample", "--checkpoint", run.toString(), "--max-tokens=1000"), "320");
    }

    @Test
    @DisplayName("no run to report on, and a metrics file with a damaged line")
    void report() throws IOException {
        refused(1, cli.run("report", "--run", "never"), "no metrics");
        Path damaged = Files.createDirectories(folder.resolve("damaged"));
        Files.writeString(damaged.resolve("metrics.jsonl"), "{\"kind\":\"run\"}\n{\"kind\":\n{\"kind\":\"end\"}\n");
        refused(1, cli.run("report", "--run", damaged.toString()), "line 2");
    }

    @Test
    @DisplayName("every command has --help, and it goes to standard output")
    void help() {
        for (String command : List.of(
                "quickstart",
                "data jdk",
                "data import",
                "data info",
                "tok train",
                "tok eval",
                "tok encode",
                "tok decode",
                "info",
                "train",
                "sample",
                "score",
                "report")) {
            String[] words = (command + " --help").split(" ");
            Cli.Result result = cli.run(words).expect(0);
            assertTrue(result.out().contains("Usage: nanochat " + command), result.out());
            assertEquals("", result.err());
        }
    }

    private static String data() {
        return folder.resolve("data/own").toString();
    }

    private static List<Path> shards() {
        try (Stream<Path> files = Files.list(folder.resolve("data/own"))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Path copyOfDataset(String name) throws IOException {
        Path copy = Files.createDirectories(folder.resolve(name));
        for (Path shard : shards()) {
            Files.copy(shard, copy.resolve(shard.getFileName()));
        }
        return copy;
    }

    private static Path copyOfCheckpoint(String name) throws IOException {
        Path copy = Files.createDirectories(folder.resolve(name));
        try (Stream<Path> files = Files.list(run.resolve("step_000006"))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }
}
