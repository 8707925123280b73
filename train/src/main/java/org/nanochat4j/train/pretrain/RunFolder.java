package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.nanochat4j.model.Checkpoint;

/**
 * The folder of a run: one folder {@code step_NNNNNN} for each checkpoint, and the metrics.
 *
 * @param path the folder
 */
public record RunFolder(Path path) {

    private static final String STEP = "step_";

    /**
     * Makes the folder of a new run.
     *
     * @param replace whether an older run is moved away, to the same name with {@code .old}; one there is deleted
     * @throws TrainingException if a run is there and must not be replaced
     */
    public static RunFolder begin(Path path, boolean replace) throws IOException {
        var folder = new RunFolder(path);
        if (Files.exists(path) && !isEmpty(path)) {
            boolean run = Files.exists(path.resolve(Metrics.FILE))
                    || !folder.checkpoints().isEmpty();
            if (!run) {
                throw new TrainingException(path + " holds other files than a run", "choose another folder with --out");
            }
            if (!replace) {
                throw new TrainingException(
                        path + " holds a run already",
                        "choose another --model-tag or --out, or add --replace, which moves the old run to "
                                + path.getFileName() + ".old");
            }
            Path old = path.resolveSibling(path.getFileName() + ".old");
            delete(old);
            Files.move(path, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.createDirectories(path);
        return folder;
    }

    /** Where the checkpoint after so many steps is. */
    public Path checkpoint(int step) {
        return path.resolve(String.format(Locale.ROOT, STEP + "%06d", step));
    }

    /** All checkpoints, oldest first. */
    public List<Path> checkpoints() throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(entry -> entry.getFileName().toString().matches(STEP + "\\d+"))
                    .filter(entry -> Files.isRegularFile(entry.resolve(Checkpoint.META)))
                    .sorted(Comparator.comparingInt(RunFolder::step))
                    .toList();
        }
    }

    /**
     * The checkpoint meant by a folder: itself, or the newest one of a run.
     *
     * @throws TrainingException if there is none
     */
    public static Path resolve(Path folder) throws IOException {
        if (Files.isRegularFile(folder.resolve(Checkpoint.META))
                || Files.isRegularFile(folder.resolve(Checkpoint.MODEL))) {
            return folder;
        }
        List<Path> checkpoints = new RunFolder(folder).checkpoints();
        if (checkpoints.isEmpty()) {
            throw new TrainingException(
                    "no checkpoint in " + folder,
                    "name a folder with " + Checkpoint.MODEL + " and " + Checkpoint.META
                            + ", or a run; `nanochat train` makes one");
        }
        return checkpoints.getLast();
    }

    private static int step(Path checkpoint) {
        return Integer.parseInt(checkpoint.getFileName().toString().substring(STEP.length()));
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.findAny().isEmpty();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
