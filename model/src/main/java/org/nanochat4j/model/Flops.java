package org.nanochat4j.model;

/**
 * Floating-point operations on paper, as the reference counts them: two per weight of a matrix product, and the attention products within the windows.
 *
 * <p>Source: Chowdhery et al. 2022 (PaLM), appendix B. Embeddings and scalars cost nothing.
 */
public final class Flops {
    private Flops() {}

    /**
     * Forward and backward pass of one token in training.
     *
     * @param config the model
     * @return operations per token
     */
    public static long trainingPerToken(GptConfig config) {
        long attention = 0;
        for (int window : config.windows()) {
            attention += 12L * config.channels() * Math.min(window, config.sequenceLength());
        }
        return 6 * matmulParameters(config) + attention;
    }

    /**
     * One token through the cached forward pass.
     *
     * @param config the model
     * @param context tokens in the cache
     * @return operations
     */
    public static long decode(GptConfig config, int context) {
        long attention = 0;
        for (int window : config.windows()) {
            attention += 4L * config.channels() * Math.min(context, window);
        }
        return 2 * matmulParameters(config) + attention;
    }

    /**
     * A whole prompt through the forward pass.
     *
     * @param config the model
     * @param tokens length of the prompt
     * @return operations
     */
    public static long prefill(GptConfig config, int tokens) {
        long attention = 0;
        for (int window : config.windows()) {
            long w = Math.min(window, tokens);
            attention += 4L * config.channels() * (w * (w + 1) / 2 + (tokens - w) * w);
        }
        return 2 * matmulParameters(config) * tokens + attention;
    }

    /**
     * Weights that take part in matrix products.
     *
     * @param config the model
     * @return how many
     */
    public static long matmulParameters(GptConfig config) {
        ParameterCounts counts = ParameterCounts.of(config);
        return counts.scaling() + (config.architecture().hasSmear() ? GptConfig.SMEAR_CHANNELS : 0);
    }
}
