package org.nanochat4j.bench.cli;

import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.GptConfig;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** The model that is measured; the defaults are those of the published demonstration for processors, with four layers. */
final class ModelArguments {

    @Option(names = "--depth", paramLabel = "N", description = "Layers.", showDefaultValue = Visibility.ALWAYS)
    private int depth = 4;

    @Option(
            names = "--aspect-ratio",
            paramLabel = "N",
            description = "Channels per layer.",
            showDefaultValue = Visibility.ALWAYS)
    private int aspectRatio = 64;

    @Option(
            names = "--head-dim",
            paramLabel = "N",
            description = "Channels of a head.",
            showDefaultValue = Visibility.ALWAYS)
    private int headDim = 64;

    @Option(
            names = "--seq-len",
            paramLabel = "TOKENS",
            description = "Tokens of a row.",
            showDefaultValue = Visibility.ALWAYS)
    private int sequence = 512;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            description = "Tokens of the vocabulary.",
            showDefaultValue = Visibility.ALWAYS)
    private int vocabulary = 32768;

    @Option(
            names = "--window-pattern",
            paramLabel = "LETTERS",
            description = "Attention windows by layer: L all of the context, S a quarter.",
            showDefaultValue = Visibility.ALWAYS)
    private String windowPattern = "L";

    /** The model, which must exist: a mistake is an error that names the field. */
    GptConfig config() {
        return GptConfig.ofDepth(
                depth, aspectRatio, headDim, sequence, vocabulary, windowPattern, Architecture.CURRENT);
    }
}
