package org.nanochat4j.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The file {@code SHA256SUMS} of a checkpoint, which {@code sha256sum -c} understands too. */
final class Checksums {
    static final String FILE = "SHA256SUMS";

    private static final Pattern LINE = Pattern.compile("([0-9a-f]{64})  ([^/\\\\]+)");

    private Checksums() {}

    /** The checksums by file name; empty where a checkpoint has none. */
    static Map<String, String> read(Path directory) throws IOException {
        Map<String, String> checksums = new LinkedHashMap<>();
        Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return checksums;
        }
        String[] lines = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            Matcher line = LINE.matcher(lines[i]);
            boolean end = i == lines.length - 1 && lines[i].isEmpty();
            if (!end && (!line.matches() || checksums.put(line.group(2), line.group(1)) != null)) {
                throw new ModelException.BadCheckpoint(
                        file + " is damaged in line " + (i + 1) + "; use another checkpoint");
            }
        }
        if (!checksums.containsKey(Checkpoint.META) || !checksums.containsKey(Checkpoint.MODEL)) {
            throw new ModelException.BadCheckpoint(
                    file + " is damaged: it does not list the checkpoint's files; use another checkpoint");
        }
        return checksums;
    }

    /** Compares one file with its checksum, if the checkpoint has checksums at all. */
    static void verify(Path directory, String name, Map<String, String> checksums) throws IOException {
        if (checksums.isEmpty()) {
            return;
        }
        String expected = checksums.get(name);
        Path file = directory.resolve(name);
        if (expected == null) {
            throw new ModelException.BadCheckpoint(
                    file + " is not listed in " + FILE + "; it does not belong to this checkpoint: use another one");
        }
        if (!Files.isRegularFile(file)) {
            throw new ModelException.BadCheckpoint(
                    file + " is listed in " + FILE + " but missing; use another checkpoint");
        }
        if (!HashedFile.checksum(file).equals(expected)) {
            throw new ModelException.BadCheckpoint(
                    file + " was changed since it was written (its checksum is not that of " + FILE
                            + "); use another checkpoint, or delete " + FILE + " if the change was yours");
        }
    }
}
