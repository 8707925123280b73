package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.pretrain.PretrainOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nanochat train}: base training on this machine. */
@Command(
        name = "train",
        description =
                "Train a model from scratch: batch, learning rates, weight decay and length of the run follow from the depth.",
        footer = {
            "",
            "A small run on a laptop:",
            "  nanochat train --depth 4 --max-seq-len 512 --head-dim 64 --device-batch-size 8 --total-batch-size 16384 --num-iterations 500"
        })
final class TrainCommand extends Verb {

    @Mixin
    private TrainArguments arguments = new TrainArguments();

    @Mixin
    private EngineArguments engine = new EngineArguments();

    @Mixin
    private MemoryArguments memory = new MemoryArguments();

    @Option(
            names = "--data",
            paramLabel = "NAME|DIR",
            description = "Dataset by name or folder; its last shard is for validation.",
            showDefaultValue = Visibility.ALWAYS)
    private String data = DataCommand.JDK;

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "Folder of the tokenizer. Default: tokenizer in the base folder.")
    private @Nullable Path tokenizer;

    @Option(names = "--model-tag", paramLabel = "NAME", description = "Name of the run. Default: d and the depth.")
    private @Nullable String tag;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of the run. Default: checkpoints/NAME in the base folder.")
    private @Nullable Path out;

    @Option(names = "--replace", description = "Move an older run at this place to the same name with .old.")
    private boolean replace;

    TrainCommand(Console console) {
        super(console);
    }

    @Override
    void run() throws IOException {
        PretrainOptions options = arguments.options();
        String name = tag == null ? "d" + options.model().depth() : tag;
        Path folder = out == null ? baseDir().run(name) : out;
        Shards shards = Shards.open(baseDir().dataset(data));
        TokenizerSource source =
                TokenizerSource.load(tokenizer == null ? baseDir().tokenizer() : tokenizer);
        result(new TrainingRun(this, engine, memory).train(options, name, shards, source, folder, replace));
    }
}
