package org.nanochat4j.model;

/**
 * Learning rates of the parameter groups before the schedule's multiplier.
 *
 * @param unembedding of the vocabulary projection, for width 768
 * @param embedding of the token embedding, for width 768; value embeddings take half of it
 * @param matrix of the blocks' matrices
 * @param scalar of the lambdas on the first embedding; those on the stream take a hundredth of it
 * @param batchScale factor for the batch size: the square root of its ratio to 524,288 tokens
 */
public record LearningRates(double unembedding, double embedding, double matrix, double scalar, double batchScale) {
    /** The base training's defaults. */
    public static final LearningRates DEFAULT = new LearningRates(0.008, 0.3, 0.02, 0.5, 1);

    /** The width at which embedding rates are stated. */
    private static final double REFERENCE_CHANNELS = 768;

    /**
     * These rates for another batch size.
     *
     * @param scale square root of the ratio to 524,288 tokens
     * @return the rates
     */
    public LearningRates withBatchScale(double scale) {
        return new LearningRates(unembedding, embedding, matrix, scalar, scale);
    }

    /**
     * Factor of the embedding and unembedding rates for the width.
     *
     * @param channels width of the model
     * @return {@code (channels / 768)^-0.5}
     */
    public static double widthScale(int channels) {
        return Math.pow(channels / REFERENCE_CHANNELS, -0.5);
    }
}
