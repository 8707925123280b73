package org.nanochat4j.bench.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.bench.Batches;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.bench.Training;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.DtypeArguments;
import org.nanochat4j.train.cli.UserError;
import org.nanochat4j.train.data.Shards;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nanochat bench train}. */
@Command(
        name = "train",
        description = "Measure steps of training: tokens per second, memory, and each kind of op beside its roof.")
final class TrainBench extends BenchVerb {

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Mixin
    private DtypeArguments dtype = new DtypeArguments();

    @Mixin
    private StepArguments step = new StepArguments();

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Steps that are timed; the median counts.",
            showDefaultValue = Visibility.ALWAYS)
    private int steps = 5;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description = "Steps before those that are timed.",
            showDefaultValue = Visibility.ALWAYS)
    private int warmUp = 2;

    @Option(
            names = "--data",
            paramLabel = "NAME|DIR",
            description = "Train on this dataset, which takes the tokenizer along. Default: random tokens.")
    private @Nullable String data;

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "Tokenizer for --data; its vocabulary is the model's. Default: tokenizer in the base folder.")
    private @Nullable Path tokenizer;

    @Option(names = "--no-profile", description = "Leave out the table of ops, which takes one more step.")
    private boolean noProfile;

    @Option(names = "--shapes", description = "In the table of ops, keep the shapes of an op apart.")
    private boolean shapes;

    TrainBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() throws IOException {
        atLeast("--steps", steps, 1);
        atLeast("--warmup", warmUp, 0);
        GptConfig config = model.config();
        Batches.Source source = Batches.random(config.vocabularySize());
        if (data != null) {
            Tokenizer loaded = TokenizerFiles.load(tokenizer == null ? baseDir().tokenizer() : tokenizer);
            config = new GptConfig(
                    config.sequenceLength(),
                    loaded.vocabSize(),
                    config.layers(),
                    config.heads(),
                    config.kvHeads(),
                    config.channels(),
                    config.windowPattern(),
                    config.architecture());
            source = Batches.text(Shards.open(baseDir().dataset(data)), loaded, config.sequenceLength());
        } else if (tokenizer != null) {
            throw UserError.usage("--tokenizer without --data", "give both, or neither for random tokens");
        }
        Training.Settings settings = step.settings(config, dtype.asked(), target(), warmUp, steps, !noProfile, shapes);
        return Training.measure(settings, source, progress());
    }
}
