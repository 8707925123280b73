package org.nanochat4j.train.cli;

import org.nanochat4j.train.pretrain.PretrainOptions;
import org.nanochat4j.train.pretrain.PretrainOptions.HorizonOptions;
import org.nanochat4j.train.pretrain.PretrainOptions.Intervals;
import org.nanochat4j.train.pretrain.PretrainOptions.OptimizerOptions;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of base training: the reference's names and defaults, but for the number of evaluation tokens. */
final class TrainArguments {

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(
            names = "--num-iterations",
            paramLabel = "N",
            description = "Steps. -1: from --target-flops or --target-param-data-ratio.",
            showDefaultValue = Visibility.ALWAYS)
    private int numIterations = -1;

    @Option(
            names = "--target-flops",
            paramLabel = "X",
            description = "Operations of the whole run. -1: from --target-param-data-ratio.",
            showDefaultValue = Visibility.ALWAYS)
    private double targetFlops = -1;

    @Option(
            names = "--target-param-data-ratio",
            paramLabel = "X",
            description = "Tokens per scaling parameter.",
            showDefaultValue = Visibility.ALWAYS)
    private double targetParamDataRatio = 12;

    @Option(
            names = "--device-batch-size",
            paramLabel = "ROWS",
            description = "Rows of a micro-batch; smaller needs less memory, and gives the same result up to rounding.",
            showDefaultValue = Visibility.ALWAYS)
    private int deviceBatchSize = 32;

    @Option(
            names = "--total-batch-size",
            paramLabel = "TOKENS",
            description = "Tokens of a step. -1: derived from the horizon.",
            showDefaultValue = Visibility.ALWAYS)
    private long totalBatchSize = -1;

    @Option(
            names = "--embedding-lr",
            paramLabel = "X",
            description = "Learning rate of the embedding.",
            showDefaultValue = Visibility.ALWAYS)
    private double embeddingLr = 0.3;

    @Option(
            names = "--unembedding-lr",
            paramLabel = "X",
            description = "Learning rate of the vocabulary projection.",
            showDefaultValue = Visibility.ALWAYS)
    private double unembeddingLr = 0.008;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            description = "Weight decay of the matrices, at depth 12.",
            showDefaultValue = Visibility.ALWAYS)
    private double weightDecay = 0.28;

    @Option(
            names = "--matrix-lr",
            paramLabel = "X",
            description = "Learning rate of the matrices (Muon).",
            showDefaultValue = Visibility.ALWAYS)
    private double matrixLr = 0.02;

    @Option(
            names = "--scalar-lr",
            paramLabel = "X",
            description = "Learning rate of the lambdas.",
            showDefaultValue = Visibility.ALWAYS)
    private double scalarLr = 0.5;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            description = "Steps of rising learning rate.",
            showDefaultValue = Visibility.ALWAYS)
    private int warmupSteps = 40;

    @Option(
            names = "--warmdown-ratio",
            paramLabel = "X",
            description = "Share of the run with falling learning rate.",
            showDefaultValue = Visibility.ALWAYS)
    private double warmdownRatio = 0.65;

    @Option(
            names = "--final-lr-frac",
            paramLabel = "X",
            description = "Learning rate at the end, as a share.",
            showDefaultValue = Visibility.ALWAYS)
    private double finalLrFrac = 0.05;

    @Option(
            names = "--eval-every",
            paramLabel = "STEPS",
            description = "Evaluate so often, and at the end. -1: never.",
            showDefaultValue = Visibility.ALWAYS)
    private int evalEvery = 250;

    @Option(
            names = "--eval-tokens",
            paramLabel = "TOKENS",
            description = "Tokens of an evaluation (the reference's 41,943,040 would take hours on a CPU).",
            showDefaultValue = Visibility.ALWAYS)
    private long evalTokens = 524_288;

    @Option(
            names = "--sample-every",
            paramLabel = "STEPS",
            description = "Sample so often, and at the end. -1: never.",
            showDefaultValue = Visibility.ALWAYS)
    private int sampleEvery = 2000;

    @Option(
            names = "--save-every",
            paramLabel = "STEPS",
            description = "Save a checkpoint so often; there is always one at the end.",
            showDefaultValue = Visibility.ALWAYS)
    private int saveEvery = -1;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of the initial weights.",
            showDefaultValue = Visibility.ALWAYS)
    private long seed = 42;

    PretrainOptions options() {
        require(
                evalEvery <= 0 || evalTokens > 0,
                "--eval-tokens " + evalTokens,
                "give a positive number, or --eval-every -1");
        requireRate("--embedding-lr", embeddingLr);
        requireRate("--unembedding-lr", unembeddingLr);
        requireRate("--matrix-lr", matrixLr);
        requireRate("--scalar-lr", scalarLr);
        requireRate("--weight-decay", weightDecay);
        requireRate("--final-lr-frac", finalLrFrac);
        require(
                Double.isFinite(targetFlops) && Double.isFinite(targetParamDataRatio),
                "--target-flops " + targetFlops + ", --target-param-data-ratio " + targetParamDataRatio,
                "give numbers, or -1 for none");
        require(warmupSteps >= 0, "--warmup-steps " + warmupSteps, "give 0 or more");
        require(
                warmdownRatio >= 0 && warmdownRatio <= 1,
                "--warmdown-ratio " + warmdownRatio,
                "give a share from 0 to 1");
        require(targetFlops <= 0 || numIterations <= 0, "both --num-iterations and --target-flops", "give one of them");
        return new PretrainOptions(
                model.options(),
                new HorizonOptions(numIterations, targetFlops, targetParamDataRatio, deviceBatchSize, totalBatchSize),
                new OptimizerOptions(
                        embeddingLr,
                        unembeddingLr,
                        weightDecay,
                        matrixLr,
                        scalarLr,
                        warmupSteps,
                        warmdownRatio,
                        finalLrFrac),
                new Intervals(evalEvery, evalTokens, sampleEvery, saveEvery),
                seed);
    }

    private static void requireRate(String option, double value) {
        require(value >= 0 && Double.isFinite(value), option + " " + value, "give 0 or more");
    }

    private static void require(boolean holds, String what, String remedy) {
        if (!holds) {
            throw UserError.usage(what, remedy);
        }
    }
}
