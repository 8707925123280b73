package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.CheckpointMeta;
import org.nanochat4j.model.ModelException;

/**
 * The folder of a run: one folder {@code step_NNNNNN} for each checkpoint, and the metrics.
 *
 * @param path the folder
 */
public record RunFolder(Path path) {

    private static final String STEP = "step_";
    /** Ends the names of folders that are being written or deleted. */
    private static final String TEMPORARY = ".tmp";

    /**
     * Checks that a new run may have this folder, and changes nothing: for a refusal before anything costly is done.
     *
     * @param replace whether a run that is there may be moved away
     * @throws TrainingException if a run or something else is there, or another process trains there
     */
    public static void requireFree(Path path, boolean replace) throws IOException {
        if (!Files.exists(path) || isEmpty(path)) {
            return;
        }
        boolean run = Files.exists(path.resolve(Metrics.FILE))
                || Files.exists(path.resolve(RunLock.FILE))
                || !new RunFolder(path).checkpoints().isEmpty();
        if (!run) {
            throw new TrainingException(path + " holds other files than a run", "choose another folder with --out");
        }
        if (!replace) {
            throw new TrainingException(
                    path + " holds a run already",
                    "go on with it by --resume, choose another --model-tag or --out, or add --replace, which moves the old run to "
                            + path.getFileName() + ".old");
        }
        RunLock.acquire(path).close();
    }

    /**
     * Makes the folder of a new run.
     *
     * @param replace whether an older run is moved away, to the same name with {@code .old}; one there is deleted
     * @throws TrainingException as {@link #requireFree}
     */
    public static RunFolder begin(Path path, boolean replace) throws IOException {
        requireFree(path, replace);
        if (Files.exists(path) && !isEmpty(path)) {
            Path old = path.resolveSibling(path.getFileName() + ".old");
            delete(old);
            Files.move(path, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.createDirectories(path);
        return new RunFolder(path);
    }

    /** Where the checkpoint after so many steps is. */
    public Path checkpoint(int step) {
        return path.resolve(String.format(Locale.ROOT, STEP + "%06d", step));
    }

    /** All checkpoints, oldest first. */
    public List<Path> checkpoints() throws IOException {
        return steps().stream()
                .filter(entry -> Files.isRegularFile(entry.resolve(Checkpoint.META)))
                .toList();
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

    /**
     * The newest checkpoint that is complete; every newer one that is torn, cannot be read, was changed or is not of this run is named and passed
     * over.
     *
     * @param say told of what is passed over
     * @throws TrainingException if there is none
     */
    public SavedRun newest(Consumer<String> say) throws IOException {
        for (Path folder : steps().reversed()) {
            try {
                return SavedRun.open(folder);
            } catch (IOException | ModelException | TrainingException e) {
                say.accept("passed over " + folder + ": " + e.getMessage());
            }
        }
        throw new TrainingException(
                "no complete checkpoint in " + path, "train from the start with --replace, or name another run");
    }

    /** Removes what killed processes and full disks left behind: checkpoints that were being written or deleted. None may be now. */
    public void removeLeftovers() throws IOException {
        try (Stream<Path> entries = Files.list(path)) {
            for (Path entry : entries.toList()) {
                String name = entry.getFileName().toString();
                if (name.startsWith("." + STEP) && name.endsWith(TEMPORARY)) {
                    delete(entry);
                }
            }
        }
    }

    /**
     * Makes way for the checkpoints that will follow a step: those that are there keep their files under another name.
     *
     * @param step to go on from
     * @param say told of what is moved
     */
    public void setAside(int step, Consumer<String> say) throws IOException {
        for (Path folder : steps()) {
            if (step(folder) > step) {
                Path free = folder.resolveSibling(folder.getFileName() + ".old");
                for (int i = 2; Files.exists(free); i++) {
                    free = folder.resolveSibling(folder.getFileName() + ".old" + i);
                }
                Files.move(folder, free, StandardCopyOption.ATOMIC_MOVE);
                say.accept("moved " + folder + " to " + free.getFileName());
            }
        }
    }

    /**
     * Deletes old checkpoints, but neither the newest ones nor the best: the one with the lowest validation bits per byte among those whose own
     * weights were evaluated. A checkpoint between two evaluations carries the figure of other weights, which says nothing of it. What earlier saves
     * and deletions that failed have left is removed first.
     *
     * @param newest how many of the newest stay; 0 or less: all
     */
    public void keepLast(int newest) throws IOException {
        removeLeftovers();
        List<Path> all = checkpoints();
        if (newest <= 0 || all.size() <= newest) {
            return;
        }
        Path best = best(all);
        for (Path folder : all.subList(0, all.size() - newest)) {
            if (!folder.equals(best)) {
                // first under a name that nobody takes for a checkpoint: a kill may come at any time
                Path doomed = folder.resolveSibling("." + folder.getFileName() + ".deleted" + TEMPORARY);
                delete(doomed);
                Files.move(folder, doomed, StandardCopyOption.ATOMIC_MOVE);
                delete(doomed);
            }
        }
    }

    /** The earliest with the lowest figure of its own; null if none was evaluated. */
    private static @Nullable Path best(List<Path> all) throws IOException {
        Path best = null;
        double least = Double.POSITIVE_INFINITY;
        for (Path folder : all) {
            double bpb = ownBitsPerByte(folder);
            if (bpb < least) {
                least = bpb;
                best = folder;
            }
        }
        return best;
    }

    /** As measured at the checkpoint's own step; infinite if it was not, or if the checkpoint does not say. */
    private static double ownBitsPerByte(Path checkpoint) throws IOException {
        try {
            Path file = checkpoint.resolve(Checkpoint.META);
            CheckpointMeta meta = CheckpointMeta.parse(Files.readString(file), file.toString());
            boolean own = meta.tree().at("/loop_state/" + SavedRun.VAL_STEP).asLong(-1) == step(checkpoint);
            return own ? meta.validationBitsPerByte().orElse(Double.POSITIVE_INFINITY) : Double.POSITIVE_INFINITY;
        } catch (ModelException.BadCheckpoint _) {
            // damaged since it was written: no candidate, and no reason to keep others from being deleted
            return Double.POSITIVE_INFINITY;
        }
    }

    static int step(Path checkpoint) {
        return Integer.parseInt(checkpoint.getFileName().toString().substring(STEP.length()));
    }

    /** All that has the name of a checkpoint, whole or not, oldest first. */
    private List<Path> steps() throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(entry -> entry.getFileName().toString().matches(STEP + "\\d{6,9}"))
                    .sorted(Comparator.comparingInt(RunFolder::step))
                    .toList();
        }
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
