package org.nanochat4j.train.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder under which everything is kept unless a command is told otherwise; the reference's own is never written to.
 *
 * @param root the folder; need not exist yet
 */
public record BaseDir(Path root) {

    /** {@code NANOCHAT_BASE_DIR}, or {@code ~/.cache/nanochat4j}. */
    public static BaseDir standard() {
        String override = System.getenv("NANOCHAT_BASE_DIR");
        return new BaseDir(
                override == null || override.isEmpty()
                        ? Path.of(System.getProperty("user.home"), ".cache", "nanochat4j")
                        : Path.of(override));
    }

    /** The folder of the dataset of this name. */
    public Path data(String name) {
        return root.resolve("data").resolve(name);
    }

    /** Where {@code tok train} puts its tokenizer. */
    public Path tokenizer() {
        return root.resolve("tokenizer");
    }

    /** The folder of the run with this tag. */
    public Path run(String tag) {
        return root.resolve("checkpoints").resolve(tag);
    }

    /** The report on the run of this name. */
    public Path report(String name) {
        return root.resolve("reports").resolve(name);
    }

    /** A dataset by path or by name: what exists as a folder or looks like a path is one. */
    public Path dataset(String nameOrPath) {
        Path path = Path.of(nameOrPath);
        return Files.isDirectory(path) || path.isAbsolute() || path.getNameCount() > 1 ? path : data(nameOrPath);
    }
}
