package org.nanochat4j.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.train.data.Progress;

/**
 * How the time of a step grows with depth and sequence, and shrinks with threads, at the same number of tokens.
 *
 * @param label the settings
 * @param points what was measured
 * @param missing what was not, and why
 */
public record Scaling(String label, List<Point> points, List<String> missing) implements Measurement {

    /**
     * One model and number of threads.
     *
     * @param depth layers
     * @param sequence tokens of a row
     * @param threads that compute
     * @param tokens of the step
     * @param vocabulary tokens there are
     * @param flops operations of the step on paper
     * @param step seconds
     */
    public record Point(int depth, int sequence, int threads, int tokens, int vocabulary, long flops, Timing step) {
        /** Whether it is of the same model, step and threads. */
        boolean isOf(Point other) {
            return depth == other.depth
                    && sequence == other.sequence
                    && threads == other.threads
                    && tokens == other.tokens
                    && vocabulary == other.vocabulary;
        }

        /** Operations on paper per nanosecond. */
        double rate() {
            return flops / step.median() / 1e9;
        }

        String name() {
            return "depth " + depth + ", sequence " + sequence + ", threads " + threads;
        }
    }

    /**
     * What to measure.
     *
     * @param depths layers
     * @param sequences tokens of a row
     * @param threads numbers of threads
     * @param tokens of a step, as one micro-batch; a multiple of every sequence
     * @param vocabulary tokens there are
     * @param headSize channels of a head
     * @param steps that are timed after one that is not
     * @param seconds no further point is begun after so long
     */
    public record Settings(
            List<Integer> depths,
            List<Integer> sequences,
            List<Integer> threads,
            int tokens,
            int vocabulary,
            int headSize,
            int steps,
            double seconds) {

        /** All points, the cheap ones first, with no time yet. */
        List<Point> points() {
            List<Point> points = new ArrayList<>();
            for (int depth : depths) {
                for (int sequence : sequences) {
                    for (int count : threads) {
                        long flops = tokens * Flops.trainingPerToken(config(depth, sequence));
                        points.add(
                                new Point(depth, sequence, count, tokens, vocabulary, flops, new Timing(0, 0, 0, 0)));
                    }
                }
            }
            return points;
        }

        GptConfig config(int depth, int sequence) {
            return GptConfig.ofDepth(depth, 64, headSize, sequence, vocabulary, "L", Architecture.CURRENT);
        }

        String label() {
            return tokens + " tokens per step, vocabulary " + vocabulary;
        }
    }

    /** Where points go as soon as they are measured. */
    @FunctionalInterface
    public interface Keeper {
        /**
         * Keeps a point.
         *
         * @param point just measured
         * @throws IOException if it cannot be written
         */
        void keep(Point point) throws IOException;
    }

    /**
     * Measures what is not there yet.
     *
     * @param settings what
     * @param known points of an earlier, interrupted campaign
     * @param keeper keeps new ones
     * @param progress hears of points
     * @return all points
     * @throws IOException if a point cannot be kept
     */
    public static Scaling measure(Settings settings, List<Point> known, Keeper keeper, Progress progress)
            throws IOException {
        long begin = System.nanoTime();
        List<Point> wanted = settings.points();
        List<Point> points = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        int done = 0;
        for (Point want : wanted) {
            progress.report("models", done++, wanted.size());
            var before = known.stream().filter(want::isOf).findFirst();
            if (before.isPresent()) {
                points.add(before.get());
            } else if (Effort.since(begin) > settings.seconds()) {
                missing.add(want.name() + ": no time left");
            } else {
                try {
                    Point point = measure(settings, want);
                    keeper.keep(point);
                    points.add(point);
                } catch (EngineException.OutOfMemory e) {
                    missing.add(want.name() + ": "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("does not fit"));
                }
            }
        }
        progress.report("models", done, wanted.size());
        return new Scaling(settings.label(), List.copyOf(points), List.copyOf(missing));
    }

    private static Point measure(Settings settings, Point want) {
        GptConfig config = settings.config(want.depth, want.sequence);
        int rows = want.tokens / want.sequence;
        try (TrainingRig rig = new TrainingRig(
                config, ComputeType.F32, rows, 1, Target.cpu(want.threads), Batches.random(settings.vocabulary()))) {
            Timing step = new Effort(0, settings.steps(), 0).time(rig::step);
            return new Point(want.depth, want.sequence, want.threads, want.tokens, want.vocabulary, want.flops, step);
        }
    }

    @Override
    public String group() {
        return "scaling";
    }

    @Override
    public Map<String, Double> headline() {
        return points.stream().mapToDouble(point -> Math.log(point.rate())).average().stream()
                .mapToObj(Math::exp)
                .collect(Collectors.toMap(_ -> "mean GFLOP/s", mean -> mean));
    }

    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(label);
        var table = new Table(
                "depth", "sequence", "threads", "GFLOP", "s", "min", "max", "tokens/s", "GFLOP/s", "of one thread");
        for (Point point : points) {
            table.add(
                    point.depth,
                    point.sequence,
                    point.threads,
                    point.flops / 1e9,
                    point.step.median(),
                    point.step.minimum(),
                    point.step.maximum(),
                    point.tokens / point.step.median(),
                    point.rate(),
                    speedUp(point));
        }
        lines.addAll(table.lines());
        missing.forEach(point -> lines.add("not measured: " + point));
        return lines;
    }

    /** How much faster than with one thread. */
    private String speedUp(Point point) {
        return points.stream()
                .filter(other -> other.threads == 1 && other.depth == point.depth && other.sequence == point.sequence)
                .findFirst()
                .map(other -> Table.number(other.step.median() / point.step.median()))
                .orElse("");
    }
}
