package org.nanochat4j.train.pretrain;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Something that happened in a run; told to a {@link TrainingListener} and kept in the metrics file. */
public sealed interface TrainingEvent {

    /**
     * The run is about to start: everything is derived, planned and compiled.
     *
     * @param facts configuration, derivation, memory, data and machine, as the report shows them
     */
    record Started(Map<String, Object> facts) implements TrainingEvent {}

    /**
     * One step of training.
     *
     * @param step from 0
     * @param iterations of the run
     * @param loss mean loss of the last micro-batch in nats
     * @param smoothLoss debiased moving average of the loss
     * @param learningRate multiplier of the schedule
     * @param momentum of Muon
     * @param weightDecay of Muon
     * @param seconds the step took
     * @param tokensPerSecond tokens of the step by its time
     * @param mfu percent of the peak
     * @param mfuName what that is called: {@code bf16_mfu} of a published peak, {@code mfu_of_measured} of a measured one
     * @param epoch pass over the data
     * @param shard index of the file being read
     * @param rowGroup index within the file
     * @param totalFlops operations of the run before this step
     * @param totalSeconds of all steps after the tenth
     * @param etaSeconds left at this pace, NaN before the tenth step
     * @param gradientNorms Euclidean norm of each parameter group's gradient, by the group's name
     */
    record Step(
            int step,
            int iterations,
            double loss,
            double smoothLoss,
            double learningRate,
            double momentum,
            double weightDecay,
            double seconds,
            long tokensPerSecond,
            double mfu,
            String mfuName,
            int epoch,
            int shard,
            int rowGroup,
            double totalFlops,
            double totalSeconds,
            double etaSeconds,
            Map<String, Double> gradientNorms)
            implements TrainingEvent {

        /** Euclidean norm of the whole gradient. */
        public double gradientNorm() {
            return Math.sqrt(gradientNorms.values().stream()
                    .mapToDouble(norm -> norm * norm)
                    .sum());
        }

        /** Norms of the groups in one line. */
        public String normsLine() {
            return gradientNorms.entrySet().stream()
                    .map(norm -> String.format(Locale.ROOT, "%s %.4g", norm.getKey(), norm.getValue()))
                    .collect(Collectors.joining(" | ", "gradient norms: ", ""));
        }

        /** The reference's log line, with the gradient's norm, and with the loader's shard and row group. */
        public String line() {
            String eta = Double.isNaN(etaSeconds) ? "" : String.format(Locale.ROOT, " | eta: %.1fm", etaSeconds / 60);
            return String.format(
                    Locale.ROOT,
                    "step %05d/%05d (%.2f%%) | loss: %.6f | lrm: %.2f | dt: %.2fms | tok/sec: %,d | %s: %.2f | epoch: %d"
                            + " pq: %d rg: %d | grad: %.4f | total time: %.2fm%s",
                    step,
                    iterations,
                    100.0 * step / iterations,
                    smoothLoss,
                    learningRate,
                    seconds * 1000,
                    tokensPerSecond,
                    mfuName,
                    mfu,
                    epoch,
                    shard,
                    rowGroup,
                    gradientNorm(),
                    totalSeconds / 60,
                    eta);
        }
    }

    /**
     * An evaluation.
     *
     * @param step after so many steps
     * @param bpb bits per byte on the validation split
     * @param tokens it was measured on
     * @param seconds it took
     */
    record Validation(int step, double bpb, long tokens, double seconds) implements TrainingEvent {

        /** The reference's log line. */
        public String line() {
            return String.format(Locale.ROOT, "Step %05d | Validation bpb: %.6f", step, bpb);
        }
    }

    /**
     * A continuation of a prompt.
     *
     * @param step after so many steps
     * @param prompt what was given
     * @param text prompt and continuation, special tokens as their text
     */
    record Sample(int step, String prompt, String text) implements TrainingEvent {}

    /**
     * A checkpoint is complete: on disk, under its name. It is told at the first step after that, so later than {@code step}.
     *
     * @param step after so many steps
     * @param folder where it is
     * @param heldUpSeconds training waited: for a look at the state, its copy, and an unfinished save before it; for all of the writing where there is
     *     no memory for a copy
     * @param writingSeconds from the first byte to the name
     */
    record Saved(int step, Path folder, double heldUpSeconds, double writingSeconds) implements TrainingEvent {

        /** Where, and what it cost. */
        public String line() {
            return String.format(
                    Locale.ROOT,
                    "Step %05d | Saved %s (training held up %.3fs, written in %.3fs)",
                    step,
                    folder,
                    heldUpSeconds,
                    writingSeconds);
        }
    }

    /**
     * A run goes on from a checkpoint.
     *
     * @param step steps done before
     * @param folder the checkpoint
     * @param changes what is different from now on
     * @param history what was changed, now and at earlier times, as {@code meta.json} keeps it
     */
    record Resumed(int step, Path folder, List<Change> changes, List<?> history) implements TrainingEvent {}

    /**
     * A checkpoint could not be written; older ones are as they were, and training goes on.
     *
     * @param step after so many steps
     * @param problem what went wrong
     */
    record SaveFailed(int step, String problem) implements TrainingEvent {}

    /**
     * What memory is in use.
     *
     * @param step after so many steps
     * @param use planned and real
     */
    record Memory(int step, MemoryUse use) implements TrainingEvent {}

    /**
     * A number that is not finite; the run stops, and older checkpoints are as they were.
     *
     * @param step in which it was noticed
     * @param what is not finite
     * @param where it first appeared, as a replay of the step found out; a few lines
     */
    record NotFinite(int step, String what, String where) implements TrainingEvent {}

    /**
     * Something that does not end the run, but that somebody should look at.
     *
     * @param step after so many steps
     * @param problem what went wrong, and what follows from it
     */
    record Warning(int step, String problem) implements TrainingEvent {}

    /**
     * The run is over.
     *
     * @param steps done
     * @param lastBpb of the last evaluation, null without one
     * @param minBpb the lowest, null without an evaluation
     * @param totalSeconds of all steps after the tenth
     * @param waitSeconds the training thread waited for data in the steps of this process, after the first batch
     * @param waitShare that, as a share of the time of these steps
     * @param peakMemoryBytes what the plan and the copy for saving take
     */
    record Finished(
            int steps,
            @Nullable Double lastBpb,
            @Nullable Double minBpb,
            double totalSeconds,
            double waitSeconds,
            double waitShare,
            long peakMemoryBytes)
            implements TrainingEvent {}
}
