package org.nanochat4j.train.pretrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.TrainingPrograms;

/**
 * How long a step of a run takes on this machine: measured by training on random tokens where a few micro-batches fit into some seconds, and else
 * estimated from the rate of matrix products.
 *
 * @param microSeconds of a micro-batch of the run
 * @param updateSeconds of gradient norms and update
 * @param evaluationSeconds of the loss of as many tokens as a micro-batch has, without gradients
 * @param basis how this is known
 */
record StepTime(double microSeconds, double updateSeconds, double evaluationSeconds, String basis) {

    /** Share of the peak rate that training of a usual size runs at. */
    private static final double USUAL_SHARE = 0.5;

    /** Of the work of a training step, the forward pass is a third. */
    private static final double FORWARD_SHARE = 1 / 3.0;

    /** Micro-batches that are expected to take longer are measured with fewer rows. */
    private static final double LONGEST_MICRO_SECONDS = 2.5;

    /** The virtual machine compiles kernels while they run. */
    private static final double WARM_UP_SECONDS = 2;

    private static final double MEASURED_SECONDS = 2;

    /** Updates and evaluations have kernels of their own, but there are fewer of them in a run. */
    private static final double SHORT_SECONDS = 0.5;

    private static final int FEWEST = 2;

    /** Of a whole step. */
    double seconds(Derivation derivation) {
        return derivation.accumulationSteps() * microSeconds + updateSeconds;
    }

    /** Measures or estimates; a measurement allocates the model with its optimizer and takes up to twenty seconds. */
    static StepTime of(
            PretrainOptions options, TrainingPlan recorded, Derivation derivation, Engine engine, PeakFlops peak) {
        int rows = options.horizon().deviceBatchSize();
        int sequence = recorded.gpt().config().sequenceLength();
        double rowSeconds =
                (double) Flops.trainingPerToken(recorded.gpt().config()) * sequence / (peak.perSecond() * USUAL_SHARE);
        int measured = rows;
        while (measured > 1 && measured * rowSeconds > LONGEST_MICRO_SECONDS) {
            measured = (measured + 1) / 2;
        }
        if (measured * rowSeconds > LONGEST_MICRO_SECONDS) {
            return estimate(rows * rowSeconds, "a row of " + sequence + " tokens takes too long to be tried");
        }
        TrainingPrograms programs = TrainingPrograms.record(
                recorded.gpt(), recorded.groups(), measured, sequence, derivation.accumulationSteps());
        MemoryPlan plan = engine.plan(programs.programs());
        try {
            return measure(recorded, programs, engine, engine.compile(plan), rows, measured);
        } catch (EngineException.OutOfMemory _) {
            return estimate(rows * rowSeconds, "the " + MemoryPlan.human(plan.totalBytes()) + " of a trial do not fit");
        }
    }

    private static StepTime estimate(double microSeconds, String reason) {
        return new StepTime(
                microSeconds,
                0,
                microSeconds * FORWARD_SHARE,
                String.format(Locale.ROOT, "estimated, at %.0f %% of the peak: %s", 100 * USUAL_SHARE, reason));
    }

    private static StepTime measure(
            TrainingPlan recorded,
            TrainingPrograms programs,
            Engine engine,
            List<Executable> compiled,
            int rows,
            int measured) {
        recorded.gpt().initialise(engine, 1);
        var random = new SplittableRandom(1);
        int vocabulary = recorded.gpt().config().vocabularySize();
        int[] ids =
                random.ints(programs.targets().type().elements(), 0, vocabulary).toArray();
        engine.write(programs.ids(), ids);
        engine.write(programs.targets(), ids);
        new HyperParameters(new Schedules(100, 10, 0.5, 0), 0).write(engine, recorded.groups(), 0);
        Executable micro = compiled.get(0);
        Executable update = compiled.get(1);
        Executable norms = compiled.get(3);

        double[] micros = timed(micro::run, WARM_UP_SECONDS, MEASURED_SECONDS);
        double[] updates = timed(
                () -> {
                    norms.run();
                    update.run();
                },
                SHORT_SECONDS,
                SHORT_SECONDS);
        double[] evaluations = timed(compiled.get(2)::run, SHORT_SECONDS, SHORT_SECONDS);
        double scale = (double) rows / measured;
        String basis = String.format(
                Locale.ROOT,
                "measured, over %d micro-batches of %s and %d updates, on random tokens",
                micros.length,
                rows == measured ? rows + " rows" : measured + " of " + rows + " rows",
                updates.length);
        return new StepTime(median(micros) * scale, median(updates), median(evaluations) * scale, basis);
    }

    /** Seconds of each run, after some that are not counted. */
    private static double[] timed(Runnable work, double warmUpSeconds, double seconds) {
        timed(work, 1, warmUpSeconds);
        return timed(work, FEWEST, seconds);
    }

    /** Seconds of each run, for so many runs and so long. */
    private static double[] timed(Runnable work, int fewest, double seconds) {
        var times = new ArrayList<Double>();
        long begin = System.nanoTime();
        while (times.size() < fewest || System.nanoTime() - begin < seconds * 1e9) {
            long start = System.nanoTime();
            work.run();
            times.add((System.nanoTime() - start) / 1e9);
        }
        return times.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
