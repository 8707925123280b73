package org.nanochat4j.train.pretrain;

import java.util.List;
import java.util.Locale;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.TrainingPrograms;
import org.nanochat4j.train.pretrain.PretrainOptions.ModelOptions;

/**
 * A run on paper: model, optimizer and programs are recorded, nothing is allocated.
 *
 * @param gpt the model
 * @param groups its parameter groups
 * @param programs micro-step, update, evaluation
 */
public record TrainingPlan(Gpt gpt, List<ParamGroup> groups, TrainingPrograms programs) {

    /** Records the programs of a run, in F32 if its type is undecided. */
    public static TrainingPlan record(PretrainOptions options, GptConfig config, Derivation derivation) {
        Gpt gpt = model(options.model(), config);
        List<ParamGroup> groups = ParamGroups.of(gpt, options.optimizer().rates(derivation.batchScale()));
        int rows = options.horizon().deviceBatchSize();
        TrainingPrograms programs =
                TrainingPrograms.record(gpt, groups, rows, config.sequenceLength(), derivation.accumulationSteps());
        return new TrainingPlan(gpt, groups, programs);
    }

    /** Records the programs of a model alone, for micro-batches of so many rows whose gradients add up. */
    public static TrainingPlan record(ModelOptions options, GptConfig config, int rows) {
        Gpt gpt = model(options, config);
        List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
        return new TrainingPlan(gpt, groups, TrainingPrograms.record(gpt, groups, rows, config.sequenceLength(), 2));
    }

    private static Gpt model(ModelOptions options, GptConfig config) {
        return new Gpt(config, options.compute().dtype(), options.embeddings().dtype());
    }

    /** What to change where a run needs more memory than there is: the largest smaller micro-batch that fits, or a smaller model. */
    static String remedy(PretrainOptions options, GptConfig config, Engine engine, long available) {
        for (int rows = options.horizon().deviceBatchSize() / 2; rows >= 1; rows /= 2) {
            long bytes = engine.plan(
                            record(options.model(), config, rows).programs().programs())
                    .totalBytes();
            if (bytes <= available) {
                return String.format(
                        Locale.ROOT, "--device-batch-size %d would need %s", rows, MemoryPlan.human(bytes));
            }
        }
        return "choose a smaller --depth, a shorter --max-seq-len or a smaller vocabulary";
    }
}
