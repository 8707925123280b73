package org.nanochat4j.bench.cli;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.bench.Decoding;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.WeightFormat;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.DtypeArguments;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nanochat bench decode}. */
@Command(
        name = "decode",
        description =
                "Measure generation with a cache: reading prompts, drawing tokens, and the weights read per token.")
final class DecodeBench extends BenchVerb {

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Mixin
    private DtypeArguments dtype = new DtypeArguments();

    @Option(
            names = "--prompt",
            paramLabel = "TOKENS",
            description = "Tokens of a prompt.",
            showDefaultValue = Visibility.ALWAYS)
    private int prompt = 64;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "Tokens drawn for each row, the most likely ones.",
            showDefaultValue = Visibility.ALWAYS)
    private int tokens = 128;

    @Option(
            names = "--batch",
            paramLabel = "ROWS",
            description = "Rows that are generated together.",
            showDefaultValue = Visibility.ALWAYS)
    private int batch = 1;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Generations that are timed; the median counts.",
            showDefaultValue = Visibility.ALWAYS)
    private int rounds = 5;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description = "Generations before those that are timed.",
            showDefaultValue = Visibility.ALWAYS)
    private int warmUp = 3;

    @Option(
            names = "--weights",
            paramLabel = "f32|bf16|int8",
            description =
                    "How the weights are stored that tokens are multiplied by. Default: the type that is computed in.")
    private @Nullable WeightFormat weights;

    DecodeBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() {
        atLeast("--prompt", prompt, 1);
        atLeast("--tokens", tokens, 2);
        atLeast("--batch", batch, 1);
        atLeast("--rounds", rounds, 1);
        atLeast("--warmup", warmUp, 0);
        GptConfig config = model.config();
        if (prompt + tokens > config.maxPositions()) {
            throw UserError.usage(
                    "--prompt " + prompt + " and --tokens " + tokens + " are more than the " + config.maxPositions()
                            + " positions of the model",
                    "give fewer, or a larger --seq-len");
        }
        return Decoding.measure(
                new Decoding.Settings(config, dtype.asked(), weights, prompt, tokens, batch, target(), warmUp, rounds),
                progress());
    }
}
