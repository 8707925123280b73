package org.nanochat4j.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/** A directory that is filled under a temporary name beside its own, and takes that only when all of it is on disk. */
final class NewDirectory implements AutoCloseable {
    /** Temporary names begin with a dot and end with this, so that whoever looks for checkpoints skips them. */
    static final String SUFFIX = ".tmp";

    private final Path parent;
    private final Path target;
    private final Path temporary;
    private final Map<String, String> checksums = new LinkedHashMap<>();
    private boolean done;

    private NewDirectory(Path parent, Path target, Path temporary) {
        this.parent = parent;
        this.target = target;
        this.temporary = temporary;
    }

    static NewDirectory create(Path target) throws IOException {
        Path absolute = target.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        if (parent == null || Files.exists(absolute)) {
            throw new FileAlreadyExistsException(
                    target.toString(), null, "exists already; move it away or choose another name");
        }
        Files.createDirectories(parent);
        Path temporary = parent.resolve("." + absolute.getFileName() + "." + UUID.randomUUID() + SUFFIX);
        Files.createDirectory(temporary);
        return new NewDirectory(parent, absolute, temporary);
    }

    void tensors(String name, List<TensorSource> tensors) throws IOException {
        // The entry that the transformers library asks for.
        checksums.put(name, SafetensorsWriter.write(temporary.resolve(name), Map.of("format", "pt"), tensors));
    }

    void text(String name, String text) throws IOException {
        bytes(name, text.getBytes(StandardCharsets.UTF_8));
    }

    void bytes(String name, byte[] bytes) throws IOException {
        if (!Path.of(name).getFileName().toString().equals(name) || checksums.containsKey(name)) {
            throw new IllegalArgumentException("not the name of one more file: " + name);
        }
        checksums.put(name, write(name, bytes));
    }

    private String write(String name, byte[] bytes) throws IOException {
        try (HashedFile file = HashedFile.create(temporary.resolve(name))) {
            file.write(ByteBuffer.wrap(bytes));
            return file.finish();
        }
    }

    void moveIntoPlace() throws IOException {
        StringBuilder sums = new StringBuilder();
        checksums.forEach(
                (name, sum) -> sums.append(sum).append("  ").append(name).append('\n'));
        write(Checksums.FILE, sums.toString().getBytes(StandardCharsets.UTF_8));
        force(temporary);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        try {
            force(parent);
        } catch (IOException e) {
            // the name might not outlive a crash: whoever is told of a failure must not find the directory either
            Files.move(target, temporary, StandardCopyOption.ATOMIC_MOVE);
            throw e;
        }
        done = true;
    }

    private static void force(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Takes away what was begun and not finished. */
    @Override
    public void close() throws IOException {
        if (done) {
            return;
        }
        try (Stream<Path> files = Files.list(temporary)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(temporary);
    }
}
