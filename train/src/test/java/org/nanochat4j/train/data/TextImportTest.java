package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextImportTest {

    @TempDir
    Path temporary;

    private Path in;
    private Path out;

    @BeforeEach
    void folders() throws IOException {
        in = Files.createDirectory(temporary.resolve("in"));
        out = temporary.resolve("out");
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(in.resolve(name), text);
    }

    private TextImport.Result run() {
        return TextImport.write(List.of(in), out, false, TextImport.Options.DEFAULT, Progress.SILENT);
    }

    private List<String> imported() {
        var texts = new ArrayList<String>();
        Shards shards = Shards.open(out);
        shards.forEachText(Split.TRAIN, texts::add);
        shards.forEachText(Split.VAL, texts::add);
        return texts;
    }

    private DataException refused() {
        DataException e = assertThrows(DataException.class, this::run);
        assertFalse(Files.exists(out), "nothing is left behind");
        assertFalse(Files.exists(temporary.resolve("out.tmp")), "nothing is left behind");
        return e;
    }

    @Test
    @DisplayName("plain text: cut at blank lines, joined up to 10,000 characters, nothing dropped")
    void plainText() throws IOException {
        List<String> paragraphs = IntStream.range(0, 300)
                .mapToObj(i ->
                        ("paragraph " + i + " über\n").repeat(1 + i * 7 % 40).strip())
                .collect(Collectors.toCollection(ArrayList::new));
        paragraphs.add("x".repeat(25_000));
        file(
                "a.txt",
                "\uFEFF"
                        + String.join("\r\n \r\n\r\n", paragraphs)
                                .replace("\n", "\r\n")
                                .replace("\r\r", "\r"));
        TextImport.Result result = run();
        List<String> documents = imported();
        assertEquals(result.documents(), documents.size());
        List<String> found = documents.stream()
                .flatMap(text -> List.of(text.split("\n\n")).stream())
                .sorted()
                .toList();
        assertEquals(paragraphs.stream().sorted().toList(), found);
        assertTrue(documents.stream().allMatch(text -> text.length() <= 10_000 || text.length() == 25_000));
        assertTrue(documents.stream().filter(text -> text.length() > 5_000).count() > documents.size() / 2);
    }

    @Test
    @DisplayName(
            "plain text of any shape: the documents put together again are the text with single blank lines, and none could be longer")
    void nothingDropped() throws IOException {
        var random = new Random(11);
        for (int trial = 0; trial < 40; trial++) {
            var text = new StringBuilder();
            int lines = random.nextInt(200);
            for (int line = 0; line < lines; line++) {
                int kind = random.nextInt(8);
                text.append(
                        kind == 0
                                ? ""
                                : kind == 1
                                        ? " \t"
                                        : "w\u00fcrd \ud83d\ude00 "
                                                .repeat(1 + random.nextInt(1 << random.nextInt(11))));
                text.append(random.nextInt(5) == 0 ? "\r\n" : "\n");
            }
            Path file = file("random.txt", text.toString());
            var documents = new ArrayList<String>();
            new TextSource.Plain(file).forEach(documents::add);
            String single = text.toString()
                    .replace("\r\n", "\n")
                    .replaceAll("\\n([ \\t]*\\n)+", "\n\n")
                    .replaceAll("^([ \\t]*\\n)+", "");
            assertEquals(single.replaceAll("\\n+$", ""), String.join("\n\n", documents));
            for (int i = 0; i < documents.size(); i++) {
                String document = documents.get(i);
                assertTrue(
                        document.length() <= 10_000 || !document.contains("\n\n"), "a document of several paragraphs");
                if (i > 0) {
                    String first = document.split("\n\n", 2)[0];
                    assertTrue(documents.get(i - 1).length() + 2 + first.length() > 10_000, "a cut without need");
                }
            }
        }
    }

    @Test
    @DisplayName("compressed files put together from several, as cat makes them, are read to their end")
    void concatenated() throws IOException {
        for (String name : List.of("a.jsonl.gz", "b.jsonl.zst")) {
            try (OutputStream all = Files.newOutputStream(in.resolve(name))) {
                for (String word : List.of("one", "two", "three")) {
                    var part = new ByteArrayOutputStream();
                    try (OutputStream out =
                            name.endsWith("gz") ? new GZIPOutputStream(part) : new ZstdOutputStream(part)) {
                        out.write(
                                "{\"text\": \"%s %s\"}\n".formatted(name, word).getBytes(StandardCharsets.UTF_8));
                    }
                    part.writeTo(all);
                }
            }
        }
        run();
        assertEquals(
                List.of(
                        "a.jsonl.gz one",
                        "a.jsonl.gz three",
                        "a.jsonl.gz two",
                        "b.jsonl.zst one",
                        "b.jsonl.zst three",
                        "b.jsonl.zst two"),
                imported().stream().sorted().toList());
    }

    @Test
    @DisplayName("documents outside the limits are left out and counted, in characters as people count them in text")
    void limits() throws IOException {
        file(
                "a.jsonl",
                Stream.of("a", "bb", "ccc", "dddd", "eeeee")
                        .map("{\"text\": \"%s\"}\n"::formatted)
                        .collect(Collectors.joining()));
        var options = new TextImport.Options("text", 0.5, 2, 4, 42);
        TextImport.Result result = TextImport.write(List.of(in), out, false, options, Progress.SILENT);
        assertEquals(2, result.leftOut());
        assertEquals(List.of("bb", "ccc", "dddd"), imported().stream().sorted().toList());
    }

    @Test
    @DisplayName("a split is made of the share asked for, and every document is on one side")
    void split() throws IOException {
        file(
                "a.jsonl",
                IntStream.range(0, 1000)
                        .mapToObj("{\"text\": \"document %d\"}\n"::formatted)
                        .collect(Collectors.joining()));
        TextImport.Result result = TextImport.write(
                List.of(in), out, false, new TextImport.Options("text", 0.1, 1, 100, 42), Progress.SILENT);
        var train = new HashSet<String>();
        var validation = new HashSet<String>();
        Shards shards = Shards.open(out);
        shards.forEachText(Split.TRAIN, train::add);
        shards.forEachText(Split.VAL, validation::add);
        assertEquals(result.trainDocuments(), train.size());
        assertEquals(100, validation.size(), 30);
        assertEquals(1000, train.size() + validation.size());
        train.retainAll(validation);
        assertEquals(Set.of(), train);
    }

    @Test
    @DisplayName("JSON lines, compressed or not, parquet and text, mixed")
    void mixed() throws IOException {
        file("a.jsonl", "{\"text\": \"one\\nline\", \"id\": 1}\n\n{\"text\":\"two\"}");
        try (var gz = new GZIPOutputStream(Files.newOutputStream(in.resolve("b.jsonl.gz")))) {
            gz.write("{\"text\": \"three\"}\n".getBytes(StandardCharsets.UTF_8));
        }
        try (var zst = new ZstdOutputStream(Files.newOutputStream(in.resolve("c.txt.zst")))) {
            zst.write("four\n".getBytes(StandardCharsets.UTF_8));
        }
        Files.createDirectory(in.resolve("sub"));
        ParquetTextWriter.write(in.resolve("sub/d.parquet"), List.of("five", "six"));
        file("ignored.png", "no text");
        TextImport.Result result = run();
        assertEquals(
                List.of("five", "four", "one\nline", "six", "three", "two"),
                imported().stream().sorted().toList());
        assertEquals(4, result.files());
        assertEquals(5, result.trainDocuments());
    }

    @Test
    @DisplayName("patterns, folders and files mixed; a file named twice is read once")
    void patterns() throws IOException {
        file("a.txt", "one");
        file("b.text", "two");
        file("c.jsonl", "{\"text\": \"three\"}");
        Files.createDirectories(in.resolve("sub/deep"));
        file("sub/deep/d.jsonl", "{\"text\": \"four\"}");
        file("sub/e.md", "five");
        List<Path> paths = List.of(in.resolve("?.{txt,text}"), in.resolve("a.txt"), in.resolve("**.jsonl"));
        assertEquals(
                Stream.of("a.txt", "b.text", "c.jsonl", "sub/deep/d.jsonl")
                        .map(in::resolve)
                        .toList(),
                TextImport.files(paths));
        assertEquals(5, TextImport.files(List.of(in.resolve("su*/*"), in)).size());
    }

    @Test
    @DisplayName("every text of a list is a document")
    void lists() throws IOException, URISyntaxException {
        URL lists = TextImportTest.class.getResource("/parquet/wrong_type.parquet");
        assertNotNull(lists);
        var options = new TextImport.Options("tags", 0.02, 1, Integer.MAX_VALUE, 42);
        TextImport.write(List.of(Path.of(lists.toURI())), out, false, options, Progress.SILENT);
        assertEquals(List.of("x", "y"), imported().stream().sorted().toList());
    }

    @Test
    @DisplayName("the same input gives the same bytes; a dataset is replaced only when asked")
    void deterministicAndSafe() throws IOException {
        for (int i = 0; i < 200; i++) {
            file("f" + i + ".txt", "document number " + i);
        }
        run();
        byte[] first = Files.readAllBytes(out.resolve("shard_00000.parquet"));
        assertThrows(DataException.class, this::run);
        TextImport.write(List.of(in), out, true, TextImport.Options.DEFAULT, Progress.SILENT);
        assertArrayEquals(first, Files.readAllBytes(out.resolve("shard_00000.parquet")));
        Files.writeString(out.resolve("precious.txt"), "not a shard");
        assertThrows(
                DataException.class,
                () -> TextImport.write(List.of(in), out, true, TextImport.Options.DEFAULT, Progress.SILENT));
        assertTrue(Files.exists(out.resolve("precious.txt")));
    }

    @Test
    @DisplayName("a failing import with --replace leaves the old dataset as it was")
    void failureKeepsOld() throws IOException {
        file("a.txt", "one");
        file("b.txt", "two");
        run();
        byte[] before = Files.readAllBytes(out.resolve("shard_00000.parquet"));
        Files.write(in.resolve("c.txt"), new byte[] {'a', (byte) 0xff});
        assertThrows(
                DataException.class,
                () -> TextImport.write(List.of(in), out, true, TextImport.Options.DEFAULT, Progress.SILENT));
        assertArrayEquals(before, Files.readAllBytes(out.resolve("shard_00000.parquet")));
    }

    @Test
    @DisplayName("invalid UTF-8 is refused with file and byte offset; a real U+FFFD is not")
    void invalidUtf8() throws IOException {
        file("fine.txt", "a replacement character: \uFFFD");
        Files.write(in.resolve("latin.txt"), "first line\ncaf\u00e9 au lait\n".getBytes(StandardCharsets.ISO_8859_1));
        DataException e = refused();
        assertTrue(e.getMessage().contains("latin.txt, byte offset 14"), e.getMessage());
    }

    @Test
    @DisplayName("bad JSON and missing fields are named by line, with the fields there are")
    void badJson() throws IOException {
        Path file = file("a.jsonl", "{\"text\":\"one\"}\n{\"body\":\"two\"}\n");
        DataException missing = refused();
        assertTrue(missing.getMessage().contains("line 2, fields: body"), missing.getMessage());
        Files.writeString(file, "{\"text\":\"one\"}\n{\"text\":");
        assertTrue(refused().getMessage().contains("line 2"));
        Files.writeString(file, "{\"text\":7}");
        assertTrue(refused().getMessage().contains("no text field"));
    }

    @Test
    @DisplayName("compressed files that are cut or are none are refused by name")
    void damagedArchives() throws IOException {
        Path gz = in.resolve("a.txt.gz");
        try (var out = new GZIPOutputStream(Files.newOutputStream(gz))) {
            out.write("some text to compress\n".repeat(500).getBytes(StandardCharsets.UTF_8));
        }
        byte[] whole = Files.readAllBytes(gz);
        Files.write(gz, Arrays.copyOf(whole, whole.length / 2));
        assertTrue(refused().getMessage().contains("a.txt.gz"));
        Files.writeString(gz, "not compressed");
        assertTrue(refused().getMessage().contains("a.txt.gz"));
        Files.delete(gz);

        Path zst = in.resolve("b.jsonl.zst");
        try (var out = new ZstdOutputStream(Files.newOutputStream(zst))) {
            out.write("{\"text\": \"some text\"}\n".repeat(500).getBytes(StandardCharsets.UTF_8));
        }
        whole = Files.readAllBytes(zst);
        Files.write(zst, Arrays.copyOf(whole, whole.length - 3));
        assertTrue(refused().getMessage().contains("b.jsonl.zst"));
        Files.writeString(zst, "not compressed");
        assertTrue(refused().getMessage().contains("b.jsonl.zst"));
    }

    @Test
    @DisplayName("nothing to import, or too little to split")
    void tooLittle() throws IOException {
        assertTrue(refused().getMessage().contains("no text files"));
        file("a.txt", "\n \n");
        assertTrue(refused().getMessage().contains("no text to import"));
        file("a.txt", "one");
        assertTrue(refused().getMessage().contains("only one document"));
        assertThrows(
                DataException.class,
                () -> TextImport.write(
                        List.of(in.resolve("none")), out, false, TextImport.Options.DEFAULT, Progress.SILENT));
    }
}
