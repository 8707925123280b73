package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParquetTextsTest {

    private static final List<String> FOUR =
            List.of("first text", "", "naïve Ελληνικά 日本語 😀", "a longer text that repeats itself ".repeat(20));

    @TempDir
    Path folder;

    @Test
    @DisplayName("what was written is read: empty, multilingual, long and incompressible texts, in row groups of 1,024")
    void roundTrip() {
        var random = new Random(1);
        List<String> texts = new ArrayList<>(List.of("", "\n", "naïve Ελληνικά 日本語 😀", "x".repeat(3_000_000), "\0"));
        while (texts.size() < 2500) {
            var text = new StringBuilder();
            for (int i = random.nextInt(400); i > 0; i--) {
                text.append((char) (' ' + random.nextInt(95)));
            }
            texts.add(text.toString());
        }
        Path file = folder.resolve("a.parquet");
        ParquetTextWriter.write(file, texts);
        try (ParquetTexts read = ParquetTexts.open(file)) {
            assertEquals(List.of(1024L, 1024L, 452L), read.rowGroupRows());
            assertEquals(2500, read.rows());
            List<String> all = new ArrayList<>();
            for (int group = 2; group >= 0; group--) {
                all.addAll(0, read.rowGroup(group));
            }
            assertEquals(texts, all);
        }
        assertFalse(Files.exists(folder.resolve("a.parquet.tmp")));
    }

    @Test
    @DisplayName("the same texts give the same bytes")
    void deterministic() throws IOException {
        List<String> texts = List.of("one", "two", "three ".repeat(1000));
        ParquetTextWriter.write(folder.resolve("a.parquet"), texts);
        ParquetTextWriter.write(folder.resolve("b.parquet"), texts);
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("a.parquet")), Files.readAllBytes(folder.resolve("b.parquet")));
    }

    @ParameterizedTest
    @CsvSource({
        "zstd plain v1, data/shakespeare/shard_00000.parquet, text, 406",
        "snappy plain, data/shakespeare/shard_00001.parquet, text, 407",
        "snappy dictionary, data/gsm8k/main/test/00000.parquet, answer, 1319",
    })
    @DisplayName("files written by pyarrow are read")
    void readsArrowFiles(String kind, String path, String column, int rows) {
        try (ParquetTexts texts = ParquetTexts.open(Golden.shared(path), column)) {
            assertEquals(rows, texts.rows(), kind);
            int read = 0;
            for (int group = 0; group < texts.rowGroupRows().size(); group++) {
                for (String text : texts.rowGroup(group)) {
                    assertFalse(text.isBlank(), kind);
                    read++;
                }
            }
            assertEquals(rows, read, kind);
        }
    }

    private static Path fixture(String name) throws URISyntaxException {
        URL resource = ParquetTextsTest.class.getResource("/parquet/" + name + ".parquet");
        assertNotNull(resource, name);
        return Path.of(resource.toURI());
    }

    @ParameterizedTest
    @CsvSource({
        "gzip, text",
        "lz4, text",
        "snappy, text",
        "zstd, text",
        "none, text",
        "dictionary_v2, text",
        "delta, text",
        "large_string, text",
        "nested, doc.body",
    })
    @DisplayName("every compression, encoding and nesting we claim, as pyarrow writes it")
    void kinds(String name, String column) throws URISyntaxException {
        assertFixture(fixture(name), column);
    }

    /** The four texts over and over, twenty rows in groups of eight. */
    private static void assertFixture(Path file, String column) {
        try (ParquetTexts texts = ParquetTexts.open(file, column)) {
            assertEquals(List.of(8L, 8L, 4L), texts.rowGroupRows(), column);
            for (int group = 0; group < 3; group++) {
                List<String> rows = texts.rowGroup(group);
                assertEquals(texts.rowGroupRows().get(group), rows.size(), column);
                for (int row = 0; row < rows.size(); row++) {
                    assertEquals(FOUR.get(row % 4), rows.get(row), column);
                }
            }
        }
    }

    @ParameterizedTest
    @DisplayName("pyarrow's compressions, plain and dictionary, top-level and nested, in data pages of both versions")
    @CsvSource({
        "1, zstd",
        "1, snappy",
        "1, gzip",
        "1, lz4",
        "1, none",
        "2, zstd",
        "2, snappy",
        "2, gzip",
        "2, lz4",
        "2, none"
    })
    void matrix(int pages, String codec) throws URISyntaxException {
        for (String encoding : List.of("plain", "dictionary")) {
            for (String column : List.of("%s_%s", "in_%s_%s.doc.body")) {
                assertFixture(fixture("matrix_v" + pages), column.formatted(codec, encoding));
            }
        }
    }

    @ParameterizedTest
    @DisplayName("the deprecated LZ4, as Hadoop writes it, plain and dictionary, in data pages of both versions")
    @CsvSource({"PARQUET_1_0, false", "PARQUET_1_0, true", "PARQUET_2_0, false", "PARQUET_2_0, true"})
    void hadoopLz4(ParquetProperties.WriterVersion version, boolean dictionary) throws IOException {
        Path file = folder.resolve("hadoop.parquet");
        MessageType schema = MessageTypeParser.parseMessageType("message schema { optional binary text (STRING); }");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withConf(new PlainParquetConfiguration())
                .withType(schema)
                .withCodecFactory(new HadoopLz4())
                .withCompressionCodec(CompressionCodecName.LZ4)
                .withWriterVersion(version)
                .withDictionaryEncoding(dictionary)
                .withRowGroupRowCountLimit(8)
                .build()) {
            for (int row = 0; row < 20; row++) {
                writer.write(new SimpleGroupFactory(schema).newGroup().append("text", FOUR.get(row % 4)));
            }
        }
        assertFixture(file, "text");
    }

    @Test
    @DisplayName("a list inside a group, by the path of the list or of its elements: every element is a text")
    void lists() {
        Path file = Golden.shared("data/arc/ARC-Easy/test/00000.parquet");
        try (ParquetTexts byList = ParquetTexts.open(file, "choices.text");
                ParquetTexts byElement = ParquetTexts.open(file, "choices.text.list.element")) {
            var texts = byList.rowGroup(0);
            assertEquals(texts, byElement.rowGroup(0));
            assertTrue(texts.size() > 3 * byList.rowGroupRows().getFirst(), texts.size() + " choices");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "nulls, a text is missing (null)",
        "latin1, 'row 1, byte 3 of the text'",
        "brotli, write the file again with zstd compression",
        "wrong_type, 'columns: text (int64), title, tags.list.element (list)'",
    })
    @DisplayName("what cannot be used is refused with the place and the reason")
    void refusals(String name, String part) throws URISyntaxException {
        Path file = fixture(name);
        DataException e = assertThrows(DataException.class, () -> {
            try (ParquetTexts texts = ParquetTexts.open(file)) {
                texts.rowGroup(0);
            }
        });
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertTrue(e.getMessage().contains(name + ".parquet"), e.getMessage());
    }

    @Test
    @DisplayName("a missing column is named together with the columns there are, lists marked")
    void missingColumn() {
        Path file = Golden.shared("data/arc/ARC-Easy/test/00000.parquet");
        DataException e = assertThrows(DataException.class, () -> ParquetTexts.open(file));
        assertTrue(e.getMessage().contains("no text column \"text\""), e.getMessage());
        assertTrue(e.getMessage().contains("question"), e.getMessage());
        assertTrue(e.getMessage().contains("(list)"), e.getMessage());
    }

    @Test
    @DisplayName("a file cut anywhere, and one that never was parquet, are refused by name")
    void truncated() throws IOException {
        Path file = folder.resolve("a.parquet");
        ParquetTextWriter.write(file, List.of("some text", "more text"));
        byte[] whole = Files.readAllBytes(file);
        Path cut = folder.resolve("cut.parquet");
        for (int length = 0; length < whole.length; length++) {
            Files.write(cut, java.util.Arrays.copyOf(whole, length));
            DataException e = assertThrows(DataException.class, () -> ParquetTexts.open(cut));
            assertTrue(e.getMessage().contains("cut.parquet"), e.getMessage());
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
        }
        Files.writeString(cut, "To be, or not to be, that is the question.\n".repeat(50));
        assertThrows(DataException.class, () -> ParquetTexts.open(cut));
    }

    @Test
    @DisplayName("bit flips in the data are an error or change the text; they never escape as another exception")
    void damagedData() throws IOException {
        Path file = folder.resolve("a.parquet");
        ParquetTextWriter.write(file, List.of("some text that is compressed ".repeat(50), "more text ".repeat(20)));
        byte[] whole = Files.readAllBytes(file);
        Path damaged = folder.resolve("damaged.parquet");
        int refused = 0;
        for (int bit = 0; bit < whole.length * 8; bit += 5) {
            byte[] copy = whole.clone();
            copy[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(damaged, copy);
            try (ParquetTexts texts = ParquetTexts.open(damaged)) {
                texts.rowGroup(0);
            } catch (DataException e) {
                refused++;
            }
        }
        assertTrue(refused > 100, "only " + refused + " refused");
    }

    @Test
    @DisplayName("an unfinished shard does not carry its name")
    void temporaryName() {
        Path file = folder.resolve("a.parquet");
        ParquetTextWriter writer = ParquetTextWriter.create(file);
        writer.add("text");
        assertFalse(Files.exists(file));
        writer.close();
        assertTrue(Files.exists(file));
    }

    @Test
    @DisplayName("a folder that cannot be written to is named")
    void unwritable() {
        Path file = folder.resolve("missing/a.parquet");
        DataException e = assertThrows(DataException.class, () -> ParquetTextWriter.create(file));
        assertTrue(e.getMessage().contains("a shard cannot be written"), e.getMessage());
    }
}
