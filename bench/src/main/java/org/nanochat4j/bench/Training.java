package org.nanochat4j.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.train.data.Progress;

/**
 * Whole steps of training.
 *
 * @param label the settings
 * @param tokPerSec tokens per second at the median step
 * @param tokPerSecMinimum at the slowest step
 * @param tokPerSecMaximum at the fastest step
 * @param dtype of the activations
 * @param depth layers
 * @param sequence tokens of a row
 * @param vocabulary tokens there are
 * @param microBatch rows of a micro-batch
 * @param accumulation micro-batches per step
 * @param threads that compute, where it is the CPU
 * @param warmUp steps before those that are timed
 * @param step seconds of a step
 * @param peakMemory bytes of the process that were resident at most, without those of earlier measurements; null where the system does not tell
 * @param plannedMemory bytes of tensors by the memory plan
 * @param flopsPerToken operations on paper
 * @param gflops 10⁹ operations on paper per second
 * @param mfu share of the roof's rate of products of the type: on processors between registers, on other devices a large matrix product
 * @param roof of the machine
 * @param tried what other micro-batches gave, if they were tried
 * @param profile where the time of a step goes; null if not asked for
 */
public record Training(
        String label,
        double tokPerSec,
        double tokPerSecMinimum,
        double tokPerSecMaximum,
        String dtype,
        int depth,
        int sequence,
        int vocabulary,
        int microBatch,
        int accumulation,
        int threads,
        int warmUp,
        Timing step,
        @Nullable Long peakMemory,
        long plannedMemory,
        long flopsPerToken,
        double gflops,
        double mfu,
        Roof roof,
        List<Trial> tried,
        @Nullable RoofTable profile)
        implements Measurement {

    /**
     * A micro-batch that was tried.
     *
     * @param microBatch rows
     * @param tokPerSec tokens per second of one step
     */
    public record Trial(int microBatch, double tokPerSec) {}

    /**
     * What to measure.
     *
     * @param config the model
     * @param compute type of the activations
     * @param totalTokens of a step, a multiple of the sequence length
     * @param microBatch rows of a micro-batch; 0 tries several and takes the fastest
     * @param target where
     * @param warmUp steps before those that are timed
     * @param steps that are timed, at least 1
     * @param profile whether to run one more step under a clock
     * @param shapes whether the profile keeps the shapes of an op apart
     */
    public record Settings(
            GptConfig config,
            ComputeType compute,
            int totalTokens,
            int microBatch,
            Target target,
            int warmUp,
            int steps,
            boolean profile,
            boolean shapes) {

        /** Rows of a step. */
        int rows() {
            return totalTokens / config.sequenceLength();
        }

        /** Micro-batches worth a try: all rows at once, then halves, down to a few rows that stay in a cache. */
        List<Integer> candidates() {
            List<Integer> candidates = new ArrayList<>();
            for (int rows = Math.min(rows(), MOST_ROWS); rows >= 1 && candidates.size() < MOST_TRIED; rows--) {
                if (rows() % rows == 0 && (candidates.isEmpty() || 2 * rows <= candidates.getLast())) {
                    candidates.add(rows);
                }
            }
            return candidates;
        }

        String label() {
            return "depth " + config.layers() + ", sequence " + config.sequenceLength() + ", vocabulary "
                    + config.vocabularySize() + (compute == ComputeType.BF16 ? ", bf16" : "") + ", " + totalTokens
                    + " tokens per step, " + target.label();
        }
    }

    private static final int MOST_ROWS = 32;
    private static final int MOST_TRIED = 4;

    /**
     * Measures.
     *
     * @param settings what
     * @param batches where tokens come from
     * @param progress hears of steps
     * @return the figures
     */
    public static Training measure(Settings settings, Batches.Source batches, Progress progress) {
        Roof roof = settings.target().roof(settings.compute());
        List<Trial> tried = new ArrayList<>();
        int rows = settings.microBatch();
        if (rows == 0) {
            List<Integer> candidates = settings.candidates();
            for (int candidate : candidates) {
                progress.report("trying micro-batches", tried.size(), candidates.size());
                tried.add(new Trial(candidate, trial(settings, candidate, batches)));
            }
            progress.report("trying micro-batches", tried.size(), candidates.size());
            rows = tried.stream()
                    .max((a, b) -> Double.compare(a.tokPerSec, b.tokPerSec))
                    .orElseThrow()
                    .microBatch();
        }
        return measure(settings, rows, roof, List.copyOf(tried), batches, progress);
    }

    /** The better of two steps after one that does not count. */
    private static double trial(Settings settings, int rows, Batches.Source batches) {
        try (TrainingRig rig = rig(settings, rows, batches)) {
            Timing timing = new Effort(0, 2, 0).time(rig::step);
            return settings.totalTokens() / timing.minimum();
        }
    }

    private static TrainingRig rig(Settings settings, int rows, Batches.Source batches) {
        return new TrainingRig(
                settings.config(), settings.compute(), rows, settings.rows() / rows, settings.target(), batches);
    }

    private static Training measure(
            Settings settings, int rows, Roof roof, List<Trial> tried, Batches.Source batches, Progress progress) {
        Resident.reset();
        GptConfig config = settings.config();
        try (TrainingRig rig = rig(settings, rows, batches)) {
            int all = settings.warmUp() + settings.steps();
            double[] seconds = new double[settings.steps()];
            for (int i = 0; i < all; i++) {
                progress.report("steps", i, all);
                long start = System.nanoTime();
                rig.step();
                if (i >= settings.warmUp()) {
                    seconds[i - settings.warmUp()] = Effort.since(start);
                }
            }
            progress.report("steps", all, all);
            Long peak = Resident.peak();
            RoofTable profile = null;
            if (settings.profile()) {
                var clock = new RoofTable.Clock(roof, settings.shapes());
                rig.step(clock);
                profile = clock.table();
            }
            Timing step = Timing.of(seconds);
            double tokens = settings.totalTokens();
            long flops = Flops.trainingPerToken(config);
            double rate = tokens / step.median();
            return new Training(
                    settings.label(),
                    rate,
                    tokens / step.maximum(),
                    tokens / step.minimum(),
                    rig.dtype().name(),
                    config.layers(),
                    config.sequenceLength(),
                    config.vocabularySize(),
                    rows,
                    settings.rows() / rows,
                    settings.target().threads(),
                    settings.warmUp(),
                    step,
                    peak,
                    rig.plannedBytes(),
                    flops,
                    rate * flops / 1e9,
                    rate * flops / roof.rate(rig.dtype()),
                    roof,
                    tried,
                    profile);
        }
    }

    @Override
    public String group() {
        return "train";
    }

    @Override
    public Map<String, Double> headline() {
        var figures = new LinkedHashMap<String, Double>();
        figures.put("tokens/s", tokPerSec);
        figures.put("MFU", mfu);
        return figures;
    }

    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(roof.line());
        lines.add(label);
        for (Trial trial : tried) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  micro-batch of %2d rows: %s tokens/s%s",
                    trial.microBatch,
                    Table.number(trial.tokPerSec),
                    trial.microBatch == microBatch ? ", taken" : ""));
        }
        lines.add(String.format(
                Locale.ROOT,
                "%s tokens/s (slowest step %s, fastest %s), %s, micro-batch %d x %d, %d steps of %s s after %d",
                Table.number(tokPerSec),
                Table.number(tokPerSecMinimum),
                Table.number(tokPerSecMaximum),
                dtype,
                accumulation,
                microBatch,
                step.rounds(),
                Table.number(step.median()),
                warmUp));
        lines.add(Table.number(gflops) + " GFLOP/s on paper, MFU " + Table.percent(mfu) + "; memory planned "
                + MemoryPlan.human(plannedMemory)
                + (peakMemory == null ? "" : ", process at most " + MemoryPlan.human(peakMemory)));
        if (profile != null) {
            lines.add("one step by kind of op, " + Table.number(profile.seconds()) + " s:");
            lines.addAll(profile.lines());
        }
        return lines;
    }
}
