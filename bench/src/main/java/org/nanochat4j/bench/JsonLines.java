package org.nanochat4j.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A file to which lines are added, a JSON value on each.
 *
 * @param file need not exist yet
 */
record JsonLines(Path file) {

    /** A line of the file that is not what it should be. */
    static final class Damaged extends IOException {
        private static final long serialVersionUID = 1L;

        Damaged(Path file, int line, String problem) {
            super(file + ", line " + line + ": " + problem + " (correct or remove the line, or name another file)");
        }
    }

    /** Makes something of a line. */
    @FunctionalInterface
    interface Reader<T> {
        /** Throws an exception of Jackson or of dates where a field is missing or wrong. */
        T read(JsonNode node);
    }

    /** Adds a line in one write, forced to disk, so that two processes do not mix theirs. */
    void add(JsonNode value) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        byte[] line = (value + "\n").getBytes(StandardCharsets.UTF_8);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            for (ByteBuffer rest = ByteBuffer.wrap(line); rest.hasRemaining(); ) {
                channel.write(rest);
            }
            channel.force(true);
        }
    }

    /** All lines in their order; of a file that is not there, none. */
    <T> List<T> read(Reader<T> reader) throws IOException {
        List<T> values = new ArrayList<>();
        if (!Files.exists(file)) {
            return values;
        }
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                try {
                    values.add(reader.read(Measurement.JSON.readTree(lines.get(i))));
                } catch (JacksonException e) {
                    throw new Damaged(file, i + 1, e.getOriginalMessage());
                } catch (java.time.DateTimeException e) {
                    throw new Damaged(file, i + 1, String.valueOf(e.getMessage()));
                }
            }
        }
        return values;
    }
}
