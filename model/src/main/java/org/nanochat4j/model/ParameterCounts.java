package org.nanochat4j.model;

/**
 * Trained numbers by group.
 *
 * @param tokenEmbedding wte
 * @param valueEmbeddings all value embeddings
 * @param lmHead the vocabulary projection
 * @param matrices all matrices of the blocks, gates included
 * @param scalars lambdas and the smear gate
 */
public record ParameterCounts(long tokenEmbedding, long valueEmbeddings, long lmHead, long matrices, long scalars) {
    /**
     * Counts on paper.
     *
     * @param config the model
     * @return the counts
     */
    public static ParameterCounts of(GptConfig config) {
        long c = config.channels();
        long kv = config.kvChannels();
        long rows = config.paddedVocabulary();
        long perBlock = c * c + 2 * c * kv + c * c + 8 * c * c;
        long gates = (long) config.valueEmbeddings() * GptConfig.GATE_CHANNELS * config.kvHeads();
        long scalars = (config.architecture().hasLambdas() ? 2L * config.layers() + 1 : 0)
                + (config.architecture().hasSmear() ? GptConfig.SMEAR_CHANNELS + 1L : 0);
        return new ParameterCounts(
                rows * c, config.valueEmbeddings() * rows * kv, rows * c, config.layers() * perBlock + gates, scalars);
    }

    /** {@return all trained numbers} */
    public long total() {
        return tokenEmbedding + valueEmbeddings + lmHead + matrices + scalars;
    }

    /** {@return the numbers that the training horizon scales with: matrices and vocabulary projection} */
    public long scaling() {
        return matrices + lmHead;
    }
}
