package org.nanochat4j.train.pretrain;

import java.util.Locale;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.ModelException;
import org.nanochat4j.model.ParameterCounts;
import org.nanochat4j.train.pretrain.PretrainOptions.HorizonOptions;

/**
 * What follows from the depth: length of the run, tokens per step, and the scales of learning rate and weight decay.
 *
 * <p>The reference point is a model of depth 12, otherwise equal, trained with 524,288 tokens per step. Source: the reference's base
 * training; rounding is Python's, half to even.
 *
 * @param scalingParameters matrices and vocabulary projection, P
 * @param targetTokens {@code ratio · P}
 * @param totalBatchSize tokens per step
 * @param accumulationSteps micro-batches per step
 * @param batchScale factor of the learning rates
 * @param weightDecay of Muon, before its schedule
 * @param flopsPerToken forward and backward
 * @param iterations steps of the run
 * @param horizon what set the number of steps
 */
public record Derivation(
        long scalingParameters,
        long targetTokens,
        long totalBatchSize,
        int accumulationSteps,
        double batchScale,
        double weightDecay,
        long flopsPerToken,
        int iterations,
        String horizon) {

    private static final double REFERENCE_BATCH = 1 << 19;
    private static final int REFERENCE_DEPTH = 12;

    /** How the best batch grows with the tokens of a run. */
    private static final double BATCH_EXPONENT = 0.383;

    /**
     * Derives a run.
     *
     * @throws ModelException.BadConfig if the batch is no multiple of a micro-batch, or there is no horizon
     */
    public static Derivation of(PretrainOptions options, int vocabularySize) {
        GptConfig config = options.model().config(vocabularySize);
        HorizonOptions horizon = options.horizon();
        long scaling = ParameterCounts.of(config).scaling();
        long referenceScaling = ParameterCounts.of(options.model().config(REFERENCE_DEPTH, vocabularySize))
                .scaling();
        double ratio = horizon.targetParamDataRatio();
        long targetTokens = (long) (ratio * scaling);
        // with ratio -1 both are negative, and only their quotient is used
        double relativeTokens = targetTokens / (ratio * referenceScaling);

        long batch = horizon.totalBatchSize() > 0 ? horizon.totalBatchSize() : automaticBatch(relativeTokens);
        double batchRatio = batch / REFERENCE_BATCH;
        long flops = Flops.trainingPerToken(config);
        return new Derivation(
                scaling,
                targetTokens,
                batch,
                accumulation(batch, horizon.deviceBatchSize(), config.sequenceLength()),
                Math.sqrt(batchRatio),
                options.optimizer().weightDecay() * Math.sqrt(batchRatio) / relativeTokens,
                flops,
                iterations(horizon, targetTokens, batch, flops),
                horizonName(horizon));
    }

    /** Tokens of the whole run. */
    public long totalTokens() {
        return totalBatchSize * iterations;
    }

    /** Operations of the whole run. */
    public double totalFlops() {
        return (double) flopsPerToken * totalTokens();
    }

    /** The nearest power of two, so that it splits into micro-batches. */
    private static long automaticBatch(double relativeTokens) {
        double exact = REFERENCE_BATCH * Math.pow(relativeTokens, BATCH_EXPONENT);
        return 1L << (long) Math.rint(Math.log(exact) / Math.log(2));
    }

    private static int accumulation(long batch, int rows, int sequence) {
        long micro = (long) rows * sequence;
        if (rows < 1) {
            throw new ModelException.BadConfig("device batch size " + rows + " is too small; choose at least 1");
        }
        if (batch % micro != 0) {
            long below = Math.max(batch / micro, 1) * micro;
            throw new ModelException.BadConfig(String.format(
                    Locale.ROOT,
                    "total batch of %,d tokens is no multiple of %,d (device batch size %d x sequence %d);"
                            + " choose another --device-batch-size or --max-seq-len, or --total-batch-size %d",
                    batch,
                    micro,
                    rows,
                    sequence,
                    below));
        }
        return Math.toIntExact(batch / micro);
    }

    private static int iterations(HorizonOptions horizon, long targetTokens, long batch, long flops) {
        double steps = horizon.numIterations() > 0
                ? horizon.numIterations()
                : horizon.targetFlops() > 0
                        ? Math.rint(horizon.targetFlops() / ((double) flops * batch))
                        : Math.floorDiv(targetTokens, batch);
        if (steps < 1 || steps > Integer.MAX_VALUE) {
            throw new ModelException.BadConfig(String.format(
                    Locale.ROOT,
                    "%s gives %.0f steps of %,d tokens; set --num-iterations, or a larger --target-param-data-ratio or smaller"
                            + " --total-batch-size",
                    horizonName(horizon),
                    steps,
                    batch));
        }
        return (int) steps;
    }

    private static String horizonName(HorizonOptions horizon) {
        if (horizon.numIterations() > 0) {
            return "number of iterations";
        }
        return horizon.targetFlops() > 0 ? "target FLOPs" : "target tokens per parameter";
    }
}
