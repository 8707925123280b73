package org.nanochat4j.train.cli;

import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.train.pretrain.PretrainOptions.ModelOptions;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that shape a model. */
final class ModelArguments {

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Layers; everything else follows from it.",
            showDefaultValue = Visibility.ALWAYS)
    private int depth = 20;

    @Option(
            names = "--architecture",
            paramLabel = "NAME",
            description = "Generation of the model: current, or original (October 2025).",
            showDefaultValue = Visibility.ALWAYS)
    private String architecture = Architecture.CURRENT.key();

    @Option(
            names = "--aspect-ratio",
            paramLabel = "N",
            description = "Channels per layer, before rounding up to whole heads.",
            showDefaultValue = Visibility.ALWAYS)
    private int aspectRatio = 64;

    @Option(
            names = "--head-dim",
            paramLabel = "N",
            description = "Channels of a head.",
            showDefaultValue = Visibility.ALWAYS)
    private int headDim = 128;

    @Option(
            names = "--max-seq-len",
            paramLabel = "N",
            description = "Training context in tokens.",
            showDefaultValue = Visibility.ALWAYS)
    private int maxSeqLen = 2048;

    @Option(
            names = "--window-pattern",
            paramLabel = "LETTERS",
            description =
                    "Attention window per layer, repeated: S a quarter of the context, L all of it; the last layer is L.",
            showDefaultValue = Visibility.ALWAYS)
    private String windowPattern = "SSSL";

    @Option(
            names = "--embedding-dtype",
            paramLabel = "f32|bf16|auto",
            description =
                    "How token and value embeddings are stored, with their gradients and optimizer state. auto: in the type of --dtype, as the reference does.",
            showDefaultValue = Visibility.ALWAYS)
    private String embeddingDtype = ComputeType.F32.key();

    @Mixin
    private DtypeArguments dtype = new DtypeArguments();

    ModelOptions options() {
        return new ModelOptions(
                Architecture.of(architecture),
                depth,
                aspectRatio,
                headDim,
                maxSeqLen,
                windowPattern,
                dtype.asked(),
                ComputeType.of(embeddingDtype));
    }
}
