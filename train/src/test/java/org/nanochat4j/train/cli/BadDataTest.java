package org.nanochat4j.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Twenty-five kinds of bad data and bad wishes about data, one test each, on the command line: one clear line, the exit code, and the dataset and tokenizer
 * that were there keep every byte. What else can be wrong, with models, runs and checkpoints, is in {@link BadInputTest}.
 */
class BadDataTest {

    private static final int CUTS = 12;

    @TempDir
    static Path folder;

    private static Cli cli;

    private Map<Path, byte[]> before = Map.of();

    @TempDir
    Path in;

    @BeforeAll
    static void prepare() throws IOException {
        cli = new Cli(folder);
        cli.prepare();
    }

    @BeforeEach
    void remember() throws IOException {
        before = contents();
    }

    @AfterEach
    void nothingLost() throws IOException {
        Map<Path, byte[]> after = contents();
        assertEquals(before.keySet(), after.keySet());
        before.forEach((file, bytes) -> assertArrayEquals(bytes, after.get(file), file.toString()));
    }

    private static Map<Path, byte[]> contents() throws IOException {
        var contents = new TreeMap<Path, byte[]>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(file, Files.readAllBytes(file));
            }
        }
        return contents;
    }

    /** One line, the exit code, and these words in it; never a stack trace. */
    private static void refused(int code, Cli.Result result, String... words) {
        result.expect(code);
        List<String> lines =
                result.err().lines().filter(line -> line.startsWith("nanochat")).toList();
        assertEquals(1, lines.size(), result.err());
        assertFalse(result.err().contains("\tat "), result.err());
        assertFalse(result.err().contains("internal error"), result.err());
        for (String word : words) {
            assertTrue(lines.getFirst().contains(word), () -> "no \"" + word + "\" in: " + result.err());
        }
    }

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(in.resolve(name), bytes);
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(in.resolve(name), text);
    }

    /** An import over the dataset that is there: should it fail, nothing of that may change. */
    private static Cli.Result replace(Path path, String... more) {
        return cli.run(Stream.concat(Stream.of("data", "import", path.toString(), "--replace"), Arrays.stream(more))
                .toArray(String[]::new));
    }

    /** The same bytes cut at random places, from nothing to all but the last. */
    private void cuts(String name, byte[] bytes, int code) throws IOException {
        var random = new Random(3);
        for (int i = 0; i < CUTS; i++) {
            int length = i == 0 ? bytes.length - 1 : 1 + random.nextInt(bytes.length - 1);
            refused(code, replace(file(name, Arrays.copyOf(bytes, length))), name);
        }
    }

    private static Path fixture(String name) throws URISyntaxException {
        URL resource = BadDataTest.class.getResource("/parquet/" + name + ".parquet");
        assertNotNull(resource, name);
        return Path.of(resource.toURI());
    }

    private interface Wrap {
        OutputStream around(OutputStream out) throws IOException;
    }

    private static byte[] compressed(Wrap wrap) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (OutputStream out = wrap.around(bytes)) {
            out.write(Cli.story(20).getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    @Test
    @DisplayName("1. a parquet file cut at random places")
    void cutParquet() throws IOException {
        cuts("cut.parquet", Files.readAllBytes(folder.resolve("data/own/shard_00000.parquet")), 1);
    }

    @Test
    @DisplayName("2. a gzip file cut at random places")
    void cutGzip() throws IOException {
        cuts("cut.txt.gz", compressed(GZIPOutputStream::new), 1);
    }

    @Test
    @DisplayName("3. a zstd file cut at random places")
    void cutZstd() throws IOException {
        cuts("cut.txt.zst", compressed(ZstdOutputStream::new), 1);
    }

    @Test
    @DisplayName("4. JSON lines cut in the middle of a line")
    void cutJson() throws IOException {
        refused(1, replace(file("cut.jsonl", "{\"text\": \"one\"}\n{\"text\": \"tw")), "cut.jsonl, line 2", "JSON");
    }

    @Test
    @DisplayName("5. a file of another kind than its name says")
    void disguised() throws IOException {
        for (String name : List.of("a.parquet", "b.txt.gz", "c.jsonl.zst", "d.jsonl")) {
            refused(1, replace(file(name, "neither one nor the other, and long enough for a header")), name);
        }
    }

    @Test
    @DisplayName("6. empty files of every kind")
    void empty() throws IOException {
        for (String name : List.of("a.parquet", "b.txt.gz", "c.jsonl.zst")) {
            refused(1, replace(file(name, "")), name);
        }
        refused(1, replace(file("d.txt", "")), "no text to import", "d.txt");
        refused(1, replace(file("e.jsonl", "\n\n")), "no text to import", "e.jsonl");
    }

    @Test
    @DisplayName("7. a parquet column of numbers")
    void wrongType() throws URISyntaxException {
        refused(1, replace(fixture("wrong_type")), "no text column \"text\"", "text (int64)", "--column");
    }

    @Test
    @DisplayName("8. JSON fields that are numbers, lists, null, and lines that are no objects")
    void wrongJsonType() throws IOException {
        for (String value : List.of("7", "[\"a\"]", "null", "{\"a\": 1}")) {
            refused(
                    1,
                    replace(file("t.jsonl", "{\"text\": \"one\"}\n{\"text\": " + value + "}")),
                    "line 2",
                    "no text field \"text\"");
        }
        refused(1, replace(file("t.jsonl", "[1]")), "line 1", "no object");
    }

    @Test
    @DisplayName("9. a column that is not there")
    void missingColumn() throws IOException {
        refused(1, replace(file("t.jsonl", "{\"body\": \"one\"}")), "no text field \"text\"", "fields: body");
        Path shard = folder.resolve("data/own/shard_00001.parquet");
        refused(1, cli.run("data", "import", shard.toString(), "--name=x", "--column=body"), "no text column \"body\"");
    }

    @Test
    @DisplayName("10. invalid UTF-8, also inside a compressed file, with its offset")
    void invalidUtf8() throws IOException, URISyntaxException {
        refused(1, replace(file("u.jsonl", new byte[] {'{', '"', (byte) 0xFF, '"'})), "u.jsonl, byte offset 2");
        var bytes = new ByteArrayOutputStream();
        try (var gz = new GZIPOutputStream(bytes)) {
            gz.write(new byte[] {'a', '\n', 'b', (byte) 0xC0, '\n'});
        }
        refused(1, replace(file("u.txt.gz", bytes.toByteArray())), "u.txt.gz, byte offset 3");
        refused(1, replace(fixture("latin1")), "latin1.parquet, row group 0, row 1");
    }

    @Test
    @DisplayName("11. a surrogate without its other half in JSON")
    void loneSurrogate() throws IOException {
        refused(1, replace(file("s.jsonl", "{\"text\": \"a\\ud800b\"}\n{\"text\": \"two\"}")), "s.jsonl, line 1");
    }

    @Test
    @DisplayName("12. NUL bytes are text like any other and arrive")
    void nul() throws IOException {
        Path out = in.resolve("out");
        Path file = file("n.txt", "a\0b\n\n" + "c\0".repeat(10_000) + "\n");
        cli.run("data", "import", file.toString(), "--out", out.toString()).expect(0);
        Cli.Result info = cli.run("data", "info", out.toString(), "--json").expect(0);
        assertTrue(info.out().contains("\"characters\" : 20003"), info.out());
    }

    @Test
    @DisplayName("13. a NUL byte in a path")
    void nulInPath() {
        refused(2, cli.run("data", "import", "a\0b"), "nanochat data import --help");
    }

    @Test
    @DisplayName("14. huge rows: 8 million characters arrive, and a limit leaves them out and counts them")
    void hugeRow() throws IOException {
        String huge = "x y z ".repeat(1_400_000);
        Path file = file("h.jsonl", "{\"text\": \"" + huge + "\"}\n{\"text\": \"b\"}\n{\"text\": \"c\"}\n");
        Path out = in.resolve("out");
        Cli.Result all = cli.run("data", "import", file.toString(), "--out", out.toString(), "--json");
        assertTrue(all.expect(0).out().contains("\"characters\" : 8400002"), all.out());
        Cli.Result limited = cli.run(
                "data", "import", file.toString(), "--out", out.toString(), "--json", "--max-chars=1000", "--replace");
        assertTrue(limited.expect(0).out().contains("\"left_out\" : 1"), limited.out());
    }

    @Test
    @DisplayName("15. a limit that leaves nothing, and a single document")
    void tooFew() throws IOException {
        Path file = file("f.txt", "one\n");
        refused(1, replace(file), "only one document", "f.txt");
        refused(1, replace(file, "--min-chars=100"), "no text to import", "1 documents left out");
    }

    @Test
    @DisplayName("16. no such file, and a pattern that matches nothing or is none")
    void noFile() {
        refused(1, replace(in.resolve("gone.txt")), "no such file or folder", "gone.txt");
        refused(1, replace(in.resolve("*.jsonl")), "no file matches", "*.jsonl");
        refused(1, replace(in.resolve("[a.txt")), "[a.txt");
    }

    @Test
    @DisplayName("17. a folder without text, and a folder with the name of a file")
    void folders() throws IOException {
        file("picture.png", "no text");
        Files.createDirectory(in.resolve("folder.parquet"));
        refused(1, replace(in), "no text files");
        refused(1, replace(in.resolve("folder.parquet")), "no text files", "folder.parquet");
        refused(1, cli.run("data", "info", file("dataset", "").toString()), "no such folder", "dataset");
    }

    @Test
    @DisplayName("18. an option given twice")
    void duplicateOption() {
        refused(2, cli.run("data", "import", in.toString(), "--seed=1", "--seed=2"), "--seed", "--help");
        refused(2, cli.run("tok", "train", "--vocab-size=300", "--vocab-size=400"), "--vocab-size", "--help");
    }

    @Test
    @DisplayName("19. options that contradict each other")
    void contradiction() {
        refused(2, replace(in, "--out=a", "--name=b"), "--out and --name");
        refused(2, replace(in, "--min-chars=10", "--max-chars=5"), "--min-chars 10", "--max-chars 5");
    }

    @Test
    @DisplayName("20. values outside their range, and words for numbers")
    void outOfRange() {
        for (String share : List.of("0", "1", "-0.5", "NaN")) {
            refused(2, replace(in, "--validation=" + share), "--validation", "between 0 and 1");
        }
        refused(2, replace(in, "--min-chars=-1"), "--min-chars -1");
        refused(2, replace(in, "--seed=first"), "first", "--help");
        refused(2, replace(in, "--max-chars=99999999999"), "99999999999", "--help");
    }

    @Test
    @DisplayName("21. an output folder that holds the input, or other people's files")
    void otherFiles() throws IOException {
        Path own = folder.resolve("data/own");
        refused(1, replace(own, "--out=" + own), "lies in the output folder", "shard_00000.parquet");
        Path thesis = file("thesis.txt", "one\n\ntwo\n");
        refused(1, replace(folder.resolve("text"), "--out=" + in), "holds other files");
        assertEquals("one\n\ntwo\n", Files.readString(thesis));
    }

    @Test
    @DisplayName("22. an output folder below a file")
    void belowFile() throws IOException {
        Path file = file("file.txt", "one\n\ntwo\n");
        refused(1, replace(folder.resolve("text"), "--out=" + file.resolve("out")), "cannot be written", "file.txt");
        assertEquals("one\n\ntwo\n", Files.readString(file));
    }

    @Test
    @DisplayName(
            "23. a folder that may not be written to, also as root, whose right to pass over modes is then taken away")
    void readOnly() throws Exception {
        Path locked = Files.createDirectory(in.resolve("locked"));
        Path source = Files.writeString(in.resolve("source.txt"), "one\n\ntwo " + "x".repeat(10_000) + "\n");
        Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            List<String> behind = List.of();
            if (Files.isWritable(locked)) {
                behind = List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search");
                Assumptions.assumeTrue(
                        succeeds(behind, "test", "!", "-w", locked.toString()),
                        "this user may write anywhere, and there is no setpriv that can change it");
            }
            Process process = cli.process(behind, "data", "import", source.toString(), "--out=" + locked.resolve("out"))
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(1, process.waitFor(), text);
            assertTrue(text.contains("cannot be written") && text.contains(locked.toString()), text);
            assertFalse(text.contains("\tat "), text);
            try (Stream<Path> left = Files.list(locked)) {
                assertEquals(List.of(), left.toList());
            }
        } finally {
            Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private static boolean succeeds(List<String> behind, String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(Stream.concat(behind.stream(), Arrays.stream(command))
                                    .toList())
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    @DisplayName("24. a tokenizer file cut at random places")
    void cutTokenizer() throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve("tokenizer/tokenizer.json"));
        var random = new Random(5);
        for (int i = 0; i < CUTS; i++) {
            Path cut = file("tokenizer.json", Arrays.copyOf(bytes, random.nextInt(bytes.length - 1)));
            refused(1, cli.run("data", "info", "own", "--tokenizer", cut.toString()), "tokenizer.json");
        }
    }

    @Test
    @DisplayName("25. shards whose texts are missing or lists")
    void badShards() throws IOException, URISyntaxException {
        Path own = Files.createDirectory(in.resolve("nulls"));
        Files.copy(fixture("nulls"), own.resolve("a.parquet"));
        Files.copy(fixture("none"), own.resolve("b.parquet"));
        refused(1, cli.run("data", "info", own.toString()), "a text is missing", "a.parquet", "data import");
        Files.copy(fixture("wrong_type"), own.resolve("c.parquet"));
        refused(1, cli.run("data", "info", own.toString()), "no text column", "c.parquet");
    }
}
