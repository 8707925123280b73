package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.pretrain.DryRun;
import org.nanochat4j.train.pretrain.Preset;
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
    private PresetArguments preset = new PresetArguments();

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

    @Option(
            names = "--dry-run",
            description =
                    "Show all that follows from the options: horizon, batch, learning rates, schedules, memory, expected time. Nothing is written.")
    private boolean dryRun;

    @Option(names = "--replace", description = "Move an older run at this place to the same name with .old.")
    private boolean replace;

    TrainCommand(Console console) {
        super(console);
    }

    @Override
    void run() throws IOException {
        Preset published = preset.apply();
        PretrainOptions options = arguments.options();
        if (dryRun) {
            dryRun(options, published);
            return;
        }
        String name = tag == null ? "d" + options.model().depth() : tag;
        Path folder = out == null ? baseDir().run(name) : out;
        Shards shards = Shards.open(baseDir().dataset(data));
        TokenizerSource source =
                TokenizerSource.load(tokenizer == null ? baseDir().tokenizer() : tokenizer);
        result(new TrainingRun(this, engine, memory).train(options, name, shards, source, folder, replace));
    }

    /** The vocabulary is the tokenizer's; where there is none yet, the preset's. */
    private void dryRun(PretrainOptions options, @Nullable Preset published) throws IOException {
        Path folder = tokenizer == null ? baseDir().tokenizer() : tokenizer;
        Tokenizer trained =
                published != null && tokenizer == null && !Files.exists(folder) ? null : TokenizerFiles.load(folder);
        int vocabularySize = trained != null
                ? trained.vocabSize()
                : Objects.requireNonNull(published).vocabularySize();
        if (published != null && vocabularySize != published.vocabularySize()) {
            say(String.format(
                    Locale.ROOT,
                    "The figures published for %s are for a vocabulary of %,d; the tokenizer in %s has %,d.",
                    published.key(),
                    published.vocabularySize(),
                    folder,
                    vocabularySize));
        }
        try (Engine open = engine.open()) {
            Map<String, Object> facts = DryRun.of(options, vocabularySize, trained, open);
            FactsTable.lines(facts).forEach(this::say);
            result(facts);
        }
    }
}
