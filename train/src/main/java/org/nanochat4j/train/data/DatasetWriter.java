package org.nanochat4j.train.data;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Builds a dataset folder as a whole: shards are written into a folder beside it, which takes the name at the end. A failure or a
 * kill leaves what was there before.
 */
final class DatasetWriter implements AutoCloseable {

    private static final String SHARD = "shard_%05d.parquet";

    private final Path folder;
    private final Path temporary;
    private final boolean replace;
    private final boolean existed;
    private int shards;
    private boolean published;

    private DatasetWriter(Path folder, boolean replace) throws IOException {
        this.folder = folder.toAbsolutePath();
        this.temporary = this.folder.resolveSibling(this.folder.getFileName() + ".tmp");
        this.replace = replace;
        this.existed = Files.exists(this.folder);
        delete(temporary);
        Files.createDirectories(temporary);
    }

    /**
     * Starts a dataset.
     *
     * @param replace whether an existing folder may be replaced
     * @throws DataException if the folder exists, is not empty and must not be replaced, or cannot be written
     */
    static DatasetWriter create(Path folder, boolean replace) {
        if (!replace && Files.exists(folder) && !isEmptyFolder(folder)) {
            throw new DataException(
                    "the output folder is not empty",
                    folder.toString(),
                    "choose another with --out, or replace it with --replace");
        }
        if (replace && Files.exists(folder) && !isDataset(folder)) {
            throw new DataException(
                    "the output folder holds other files than shards and is not replaced",
                    folder.toString(),
                    "choose another with --out");
        }
        try {
            return new DatasetWriter(folder, replace);
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        }
    }

    /** Writes the next shard. */
    void shard(List<String> texts) {
        ParquetTextWriter.write(temporary.resolve(String.format(Locale.ROOT, SHARD, shards)), texts);
        shards++;
    }

    /** Gives the finished folder its name. */
    void publish() {
        Path old = folder.resolveSibling(folder.getFileName() + ".old");
        try {
            if (existed && replace) {
                delete(old);
                Files.move(folder, old, StandardCopyOption.ATOMIC_MOVE);
            } else {
                Files.deleteIfExists(folder);
            }
            Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
            published = true;
            delete(old);
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        }
    }

    /** Removes what was written, unless it was published. */
    @Override
    public void close() {
        if (!published) {
            try {
                delete(temporary);
            } catch (IOException e) {
                throw cannotWrite(temporary, e);
            }
        }
    }

    private static boolean isEmptyFolder(Path folder) {
        try (var entries = Files.list(folder)) {
            return entries.findAny().isEmpty();
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        }
    }

    private static boolean isDataset(Path folder) {
        try (var entries = Files.list(folder)) {
            return entries.allMatch(file -> file.getFileName().toString().endsWith(".parquet"));
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) throws IOException {
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static DataException cannotWrite(Path folder, IOException e) {
        return new DataException(
                "the dataset folder cannot be written: " + e,
                folder.toString(),
                "check free space and permissions, or choose another with --out",
                e);
    }
}
