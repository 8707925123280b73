package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.CheckpointMeta;
import org.nanochat4j.model.CheckpointTensors;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.HostCopy;

/**
 * Writes the checkpoints of a run beside its training: a save copies the state into memory of the host, and a thread of its own writes the copy, with
 * checksums, forced to disk and renamed at last, while training goes on. One save at a time: the next one waits for it.
 *
 * <p>Where there is no memory for the copy, a save is written at once and training waits for it. Called by the training thread alone, which also
 * learns here what became of a save, to tell the run's listener.
 */
final class CheckpointWriter implements AutoCloseable {

    /**
     * A save.
     *
     * @param folder of the run
     * @param step steps done
     * @param meta of this moment; not touched any more
     * @param attachments other files by name
     * @param keepLast how many of the newest checkpoints stay once this one is complete; 0 or less: all
     */
    record Job(RunFolder folder, int step, CheckpointMeta meta, Map<String, byte[]> attachments, int keepLast) {}

    private final Gpt gpt;
    private final List<ParamGroup> groups;
    private final Engine engine;
    private final HostCopy copy;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("checkpoint writer").factory());
    private boolean copies;
    private boolean owed;

    /** The save in flight, and then what became of it. */
    private @Nullable CompletableFuture<List<TrainingEvent>> running;

    /**
     * A writer for a model; allocates nothing.
     *
     * @param room bytes that a copy of the state may take
     */
    CheckpointWriter(Gpt gpt, List<ParamGroup> groups, Engine engine, long room) {
        this.gpt = gpt;
        this.groups = groups;
        this.engine = engine;
        copy = new HostCopy(gpt, groups);
        copies = copy.bytes() <= room;
    }

    /** Bytes of the copy, which the first save allocates; 0 if there is no room for it and training waits for every save. */
    long copyBytes() {
        return copies ? copy.bytes() : 0;
    }

    /** Bytes of the copy that are allocated by now. */
    long allocatedBytes() {
        return copy.allocatedBytes();
    }

    /** Whether the last save failed. */
    boolean owed() {
        return owed;
    }

    /**
     * Begins a save of the state as it is now; waits for the one in flight.
     *
     * @param since when training began to wait for this save, by {@link System#nanoTime}
     * @return what became of the one before, if that was not told yet
     */
    List<TrainingEvent> begin(Job job, long since) {
        var events = new ArrayList<>(finish());
        CheckpointTensors copied = null;
        try {
            copied = copies ? copy.take(engine) : null;
        } catch (OutOfMemoryError e) {
            copies = false;
            events.add(new TrainingEvent.Warning(
                    job.step,
                    "no memory for a copy of the model and its optimizer state (" + MemoryPlan.human(copy.bytes())
                            + ": " + e.getMessage() + "); from now on training waits while checkpoints are written"));
        }
        if (copied == null) {
            CheckpointTensors live = CheckpointTensors.of(gpt, groups, engine);
            running = CompletableFuture.completedFuture(write(job, live, () -> secondsSince(since)));
        } else {
            CheckpointTensors tensors = copied;
            double heldUp = secondsSince(since);
            running = CompletableFuture.supplyAsync(() -> write(job, tensors, () -> heldUp), thread);
        }
        return events;
    }

    /** What became of the save in flight, if that is known and was not told yet; never waits. */
    List<TrainingEvent> news() {
        return running != null && running.isDone() ? finish() : List.of();
    }

    /** Waits for the save in flight, if there is one, and says what became of it. */
    List<TrainingEvent> finish() {
        if (running == null) {
            return List.of();
        }
        List<TrainingEvent> events = running.join();
        running = null;
        owed = events.stream().anyMatch(TrainingEvent.SaveFailed.class::isInstance);
        return events;
    }

    /** Whatever goes wrong is an event: a run does not end because it cannot be saved now. */
    private static List<TrainingEvent> write(Job job, CheckpointTensors tensors, DoubleSupplier heldUp) {
        long start = System.nanoTime();
        Path target = job.folder.checkpoint(job.step);
        try {
            Checkpoint.save(target, job.meta, tensors, job.attachments);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            return List.of(new TrainingEvent.SaveFailed(job.step, problem(e)));
        }
        var events = new ArrayList<TrainingEvent>();
        events.add(new TrainingEvent.Saved(job.step, target, heldUp.getAsDouble(), secondsSince(start)));
        try {
            job.folder.keepLast(job.keepLast);
        } catch (IOException | RuntimeException e) {
            events.add(new TrainingEvent.Warning(
                    job.step,
                    "older checkpoints could not be deleted (" + problem(e)
                            + "); that is tried again after every save"));
        }
        return events;
    }

    private static String problem(Throwable e) {
        return e instanceof IOException && e.getMessage() != null ? e.getMessage() : e.toString();
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    /** Waits for the save in flight and ends the thread. */
    @Override
    public void close() {
        thread.close();
    }
}
