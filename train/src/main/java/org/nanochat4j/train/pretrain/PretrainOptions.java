package org.nanochat4j.train.pretrain;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.LearningRates;

/**
 * The reference's options of base training that make sense on one process.
 *
 * @param model shape of the model
 * @param horizon how long and in which batches
 * @param optimizer learning rates and their schedule
 * @param intervals when to evaluate, sample and save
 * @param seed of the initial weights
 */
public record PretrainOptions(
        ModelOptions model, HorizonOptions horizon, OptimizerOptions optimizer, Intervals intervals, long seed) {

    /**
     * Shape of the model.
     *
     * @param architecture generation of the model
     * @param depth layers
     * @param aspectRatio channels per layer, before rounding up to whole heads
     * @param headDim channels of a head
     * @param maxSeqLen training context in tokens
     * @param windowPattern letters S and L
     * @param compute type of the activations
     * @param embeddings how token and value embeddings are stored, their gradients and optimizer state included; AUTO: in the type that is computed in, as the reference does
     */
    public record ModelOptions(
            Architecture architecture,
            int depth,
            int aspectRatio,
            int headDim,
            int maxSeqLen,
            String windowPattern,
            ComputeType compute,
            ComputeType embeddings) {

        /** With embeddings in F32 and the machine's choice of the type that is computed in. */
        public ModelOptions(
                Architecture architecture,
                int depth,
                int aspectRatio,
                int headDim,
                int maxSeqLen,
                String windowPattern) {
            this(
                    architecture,
                    depth,
                    aspectRatio,
                    headDim,
                    maxSeqLen,
                    windowPattern,
                    ComputeType.AUTO,
                    ComputeType.F32);
        }

        /** The same with the type decided that an engine computes in. */
        public ModelOptions on(Engine engine) {
            ComputeType decided = ComputeType.of(compute.on(engine));
            return new ModelOptions(
                    architecture,
                    depth,
                    aspectRatio,
                    headDim,
                    maxSeqLen,
                    windowPattern,
                    decided,
                    ComputeType.of(embeddings == ComputeType.AUTO ? decided.dtype() : embeddings.dtype()));
        }

        /** The configuration at this depth. */
        public GptConfig config(int vocabularySize) {
            return config(depth, vocabularySize);
        }

        /** The configuration at another depth, everything else equal. */
        GptConfig config(int otherDepth, int vocabularySize) {
            return GptConfig.ofDepth(
                    otherDepth, aspectRatio, headDim, maxSeqLen, vocabularySize, windowPattern, architecture);
        }
    }

    /**
     * How long and in which batches; the first horizon above 0 counts.
     *
     * @param numIterations steps, or -1
     * @param targetFlops operations in all, or -1
     * @param targetParamDataRatio tokens per scaling parameter, or -1
     * @param deviceBatchSize rows of a micro-batch
     * @param totalBatchSize tokens of a step, or -1 to derive it
     */
    public record HorizonOptions(
            int numIterations,
            double targetFlops,
            double targetParamDataRatio,
            int deviceBatchSize,
            long totalBatchSize) {}

    /**
     * Learning rates before they are scaled for width and batch, and their schedule.
     *
     * @param embeddingLr of the token embedding
     * @param unembeddingLr of the vocabulary projection
     * @param weightDecay of Muon at depth 12 and 524,288 tokens per step
     * @param matrixLr of the blocks' matrices
     * @param scalarLr of the lambdas
     * @param warmupSteps steps of rising learning rate
     * @param warmdownRatio share of the run with falling learning rate
     * @param finalLrFrac of the learning rate at the end
     */
    public record OptimizerOptions(
            double embeddingLr,
            double unembeddingLr,
            double weightDecay,
            double matrixLr,
            double scalarLr,
            int warmupSteps,
            double warmdownRatio,
            double finalLrFrac) {

        /** The rates for a batch scale. */
        LearningRates rates(double batchScale) {
            return new LearningRates(unembeddingLr, embeddingLr, matrixLr, scalarLr, batchScale);
        }
    }

    /**
     * Every how many steps; 0 or less means never, or at the end only.
     *
     * @param evalEvery steps between evaluations
     * @param evalTokens tokens of an evaluation
     * @param sampleEvery steps between samples
     * @param saveEvery steps between checkpoints; there is always one at the end
     */
    public record Intervals(int evalEvery, long evalTokens, int sampleEvery, int saveEvery) {}

    /** The same with everything decided that depends on the engine, so that a run can go on elsewhere as it began. */
    public PretrainOptions on(Engine engine) {
        return new PretrainOptions(model.on(engine), horizon, optimizer, intervals, seed);
    }

    /** The options by the reference's names, as {@code meta.json} keeps them; without the types that are undecided. */
    public Map<String, Object> userConfig() {
        var map = new LinkedHashMap<String, Object>();
        map.put("architecture", model.architecture().key());
        map.put("depth", model.depth());
        map.put("aspect_ratio", model.aspectRatio());
        map.put("head_dim", model.headDim());
        map.put("max_seq_len", model.maxSeqLen());
        map.put("window_pattern", model.windowPattern());
        if (model.compute() != ComputeType.AUTO) {
            map.put("dtype", model.compute().key());
        }
        if (model.embeddings() != ComputeType.AUTO) {
            map.put("embedding_dtype", model.embeddings().key());
        }
        map.put("num_iterations", horizon.numIterations());
        map.put("target_flops", horizon.targetFlops());
        map.put("target_param_data_ratio", horizon.targetParamDataRatio());
        map.put("device_batch_size", horizon.deviceBatchSize());
        map.put("total_batch_size", horizon.totalBatchSize());
        map.put("embedding_lr", optimizer.embeddingLr());
        map.put("unembedding_lr", optimizer.unembeddingLr());
        map.put("weight_decay", optimizer.weightDecay());
        map.put("matrix_lr", optimizer.matrixLr());
        map.put("scalar_lr", optimizer.scalarLr());
        map.put("warmup_steps", optimizer.warmupSteps());
        map.put("warmdown_ratio", optimizer.warmdownRatio());
        map.put("final_lr_frac", optimizer.finalLrFrac());
        map.put("eval_every", intervals.evalEvery());
        map.put("eval_tokens", intervals.evalTokens());
        map.put("sample_every", intervals.sampleEvery());
        map.put("save_every", intervals.saveEvery());
        map.put("seed", seed);
        return map;
    }
}
