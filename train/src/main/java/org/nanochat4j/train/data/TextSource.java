package org.nanochat4j.train.data;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * A file of text as people have it: plain text, JSON lines or parquet, the first two also compressed. Read as a stream, strictly as
 * UTF-8.
 */
sealed interface TextSource {

    /** The file. */
    Path file();

    /**
     * Hands every document to the consumer.
     *
     * @throws DataException if the file cannot be read, is not valid UTF-8, or lacks the text column
     */
    void forEach(Consumer<String> documents);

    /** Rows without a text that were left out. */
    default long missing() {
        return 0;
    }

    /** The source for a file by its name; a name that says nothing is taken as plain text. */
    static TextSource of(Path file, String column) {
        String name = baseName(file);
        if (name.endsWith(".parquet")) {
            return new Parquet(file, column);
        }
        return name.endsWith(".jsonl") || name.endsWith(".ndjson") ? new JsonLines(file, column) : new Plain(file);
    }

    /** Whether a folder's import takes this file; other files in it (pictures, archives) are passed over. */
    static boolean recognised(Path file) {
        String name = baseName(file);
        return List.of(".txt", ".text", ".md", ".jsonl", ".ndjson", ".parquet").stream()
                .anyMatch(name::endsWith);
    }

    private static String baseName(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|zst)$", "");
    }

    /** Plain text, cut at blank lines; paragraphs are joined up to 10,000 characters. */
    final class Plain implements TextSource {

        /** Characters up to which paragraphs share a document. A longer paragraph is a document of its own. */
        static final int JOINED = 10_000;

        private final Path file;
        private final StringBuilder document = new StringBuilder();
        private final StringBuilder paragraph = new StringBuilder();

        Plain(Path file) {
            this.file = file;
        }

        @Override
        public Path file() {
            return file;
        }

        @Override
        public void forEach(Consumer<String> documents) {
            document.setLength(0);
            paragraph.setLength(0);
            Lines.read(file, (line, number) -> {
                if (line.isBlank()) {
                    endParagraph(documents);
                } else {
                    paragraph.append(paragraph.isEmpty() ? "" : "\n").append(line);
                }
            });
            endParagraph(documents);
            endDocument(documents);
        }

        private void endParagraph(Consumer<String> documents) {
            if (paragraph.isEmpty()) {
                return;
            }
            if (!document.isEmpty() && document.length() + 2 + paragraph.length() > JOINED) {
                endDocument(documents);
            }
            document.append(document.isEmpty() ? "" : "\n\n").append(paragraph);
            paragraph.setLength(0);
        }

        private void endDocument(Consumer<String> documents) {
            if (!document.isEmpty()) {
                documents.accept(document.toString());
                document.setLength(0);
            }
        }
    }

    /** One JSON object per line with the text in one of its fields. */
    record JsonLines(Path file, String column) implements TextSource {

        private static final ObjectMapper JSON = new ObjectMapper();

        @Override
        public void forEach(Consumer<String> documents) {
            Lines.read(file, (line, number) -> {
                if (!line.isBlank()) {
                    documents.accept(text(line, number));
                }
            });
        }

        private String text(String line, long number) {
            JsonNode row;
            try {
                row = JSON.readTree(line);
            } catch (JacksonException e) {
                throw new DataException(
                        "not JSON: " + e.getOriginalMessage(), at(number), "write one JSON object per line", e);
            }
            JsonNode text = row;
            for (String field : column.split("\\.")) {
                text = text.path(field);
            }
            if (!text.isString()) {
                String fields = row.isObject() ? "fields: " + String.join(", ", row.propertyNames()) : "no object";
                throw new DataException(
                        "no text field \"" + column + "\"",
                        at(number) + ", " + fields,
                        "choose a string field with `nanochat data import --column NAME`");
            }
            String value = text.asString();
            if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
                throw new DataException(
                        "a surrogate without its other half, which is no character",
                        at(number),
                        "repair the line, or remove it");
            }
            return value;
        }

        private String at(long number) {
            return file + ", line " + number;
        }
    }

    /** A string column of a parquet file. */
    final class Parquet implements TextSource {

        private final Path file;
        private final String column;
        private long missing;

        Parquet(Path file, String column) {
            this.file = file;
            this.column = column;
        }

        @Override
        public Path file() {
            return file;
        }

        @Override
        public void forEach(Consumer<String> documents) {
            try (ParquetTexts texts = ParquetTexts.open(file, column)) {
                for (int group = 0; group < texts.rowGroupRows().size(); group++) {
                    for (@Nullable String text : texts.rowGroupWithNulls(group)) {
                        if (text == null) {
                            missing++;
                        } else {
                            documents.accept(text);
                        }
                    }
                }
            }
        }

        @Override
        public long missing() {
            return missing;
        }
    }

    /** Lines of a possibly compressed UTF-8 file, with the offset of the first byte that is not UTF-8. */
    final class Lines {

        /** Takes a line without its end, and its number from 1. */
        interface Sink {
            void line(String line, long number);
        }

        private Lines() {}

        static void read(Path file, Sink sink) {
            try (InputStream in = open(file)) {
                var line = new ByteArrayOutputStream();
                long number = 0;
                long offset = 0;
                int b;
                do {
                    b = in.read();
                    if (b != '\n' && b >= 0) {
                        line.write(b);
                    } else if (b == '\n' || line.size() > 0) {
                        byte[] bytes = line.toByteArray();
                        sink.line(decode(file, bytes, offset), ++number);
                        offset += bytes.length + 1L;
                        line.reset();
                    }
                } while (b >= 0);
            } catch (IOException | MalformedInputException e) {
                throw new DataException(
                        "cannot be read: " + e.getMessage(),
                        file.toString(),
                        "check that it exists, is readable and complete",
                        e);
            }
        }

        private static String decode(Path file, byte[] bytes, long offset) {
            String line = new String(bytes, StandardCharsets.UTF_8);
            int error = Utf8.firstError(bytes, 0, bytes.length, line);
            if (error != Utf8.VALID) {
                throw new DataException(
                        "not valid UTF-8",
                        file + ", byte offset " + (offset + error),
                        "convert the file, for example with `iconv -f ISO-8859-1 -t UTF-8`");
            }
            boolean marked = offset == 0 && line.startsWith("\uFEFF");
            int to = line.endsWith("\r") ? line.length() - 1 : line.length();
            return line.substring(marked ? 1 : 0, Math.max(to, marked ? 1 : 0));
        }

        private static InputStream open(Path file) throws IOException {
            InputStream in = Files.newInputStream(file);
            try {
                String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
                if (name.endsWith(".gz")) {
                    return new BufferedInputStream(new GZIPInputStream(in), 1 << 16);
                }
                return name.endsWith(".zst")
                        ? new BufferedInputStream(new ZstdInputStream(in), 1 << 16)
                        : new BufferedInputStream(in, 1 << 16);
            } catch (IOException e) {
                in.close();
                throw e;
            }
        }
    }
}
