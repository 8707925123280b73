package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.pretrain.DryRun;
import org.nanochat4j.train.pretrain.Preset;
import org.nanochat4j.train.pretrain.PretrainOptions;
import org.nanochat4j.train.pretrain.Resumption;
import org.nanochat4j.train.pretrain.RunFolder;
import org.nanochat4j.train.pretrain.RunLock;
import org.nanochat4j.train.pretrain.SavedRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nanochat train}: base training on this machine. */
@Command(
        name = "train",
        description =
                "Train a model from scratch: batch, learning rates, weight decay and length of the run follow from the depth.",
        footer = {
            "",
            "SIGINT (Ctrl-C) and SIGTERM: the step is finished and saved; exit code 130 or 143. Go on with --resume.",
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

    @Option(
            names = "--resume",
            arity = "0..1",
            fallbackValue = "",
            paramLabel = "RUN|STEP",
            description =
                    "Go on with a run exactly where it was saved last, or at a step; its options need not be given again. Without RUN: that of"
                            + " --model-tag or --out, or the newest.")
    private @Nullable String resume;

    @Option(
            names = "--allow-changes",
            description = "With --resume: accept another schedule or dataset, and record that in the run's history.")
    private boolean allowChanges;

    @Option(
            names = "--keep-last",
            paramLabel = "N",
            description =
                    "Keep the newest N checkpoints and the one with the lowest validation bpb, among those saved at a step that was evaluated. 0: all."
                            + " Not recorded: give it again with --resume.",
            showDefaultValue = Visibility.ALWAYS)
    private int keepLast;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    protected void run() throws IOException {
        if (keepLast < 0) {
            throw UserError.usage("--keep-last " + keepLast, "give 0 or more");
        }
        Preset published = preset.apply();
        PretrainOptions options = arguments.options();
        if (resume != null && dryRun) {
            throw UserError.usage(
                    "--resume together with --dry-run", "leave one out: a run goes on with its own options");
        }
        if (dryRun) {
            dryRun(options, published);
            return;
        }
        if (resume != null) {
            resume(options, published, resume);
            return;
        }
        if (allowChanges) {
            throw UserError.usage("--allow-changes without --resume", "leave it out");
        }
        String name = tag == null ? "d" + options.model().depth() : tag;
        Path folder = out == null ? baseDir().run(name) : out;
        Shards shards = Shards.open(baseDir().dataset(data));
        TokenizerSource source =
                TokenizerSource.load(tokenizer == null ? baseDir().tokenizer() : tokenizer);
        result(new TrainingRun(this, engine, memory)
                .keepLast(keepLast)
                .train(options, name, shards, source, folder, replace));
    }

    private void resume(PretrainOptions asked, @Nullable Preset published, String which) throws IOException {
        boolean isStep = which.matches("\\d{1,9}");
        boolean isNamed = !which.isEmpty() && !isStep;
        if (replace) {
            throw UserError.usage("both --resume and --replace", "give one of them");
        }
        if (isNamed && (tag != null || out != null)) {
            throw UserError.usage(
                    "--resume " + which + " together with --model-tag or --out", "name the run in one way only");
        }
        Path folder = runFolder(isStep ? "" : which);
        if (!Files.isDirectory(folder)) {
            throw UserError.failure("no run in " + folder, "name one by --model-tag or --out");
        }
        try (RunLock _ = RunLock.acquire(folder)) {
            RunFolder run = new RunFolder(folder);
            run.removeLeftovers();
            SavedRun saved = isStep ? SavedRun.open(run.checkpoint(Integer.parseInt(which))) : run.newest(this::say);
            Set<String> given = given();
            if (tag != null && out != null && !tag.equals(saved.tag())) {
                throw UserError.failure(
                        "the run in " + folder + " is " + saved.tag() + ", not " + tag,
                        "leave --model-tag or --out out");
            }
            if (published != null) {
                requireSame(published, asked, saved, given);
            }
            Path dataset = given.contains("data") ? baseDir().dataset(data) : saved.data();
            Shards shards = Shards.open(dataset);
            TokenizerSource source =
                    TokenizerSource.load(tokenizer == null ? saved.checkpoint().directory() : tokenizer);
            TokenizerSource.requireSame(source.tokenizer(), saved.checkpoint());
            Resumption resumption = Resumption.of(saved, given, asked, shards, allowChanges);
            result(new TrainingRun(this, engine, memory).keepLast(keepLast).resume(resumption, shards, source, run));
        }
    }

    /** A preset says more than a person who resumes may be aware of: what is not given by hand must be as the run has it. */
    private static void requireSame(Preset published, PretrainOptions asked, SavedRun saved, Set<String> given) {
        Map<String, Object> trained = saved.options().userConfig();
        String differences = asked.userConfig().entrySet().stream()
                .filter(entry ->
                        !given.contains(entry.getKey()) && !entry.getValue().equals(trained.get(entry.getKey())))
                .map(entry -> entry.getKey() + " is " + trained.get(entry.getKey()) + ", not " + entry.getValue())
                .collect(Collectors.joining(", "));
        if (!differences.isEmpty()) {
            throw UserError.failure(
                    "the run of " + saved.checkpoint().directory() + " is not of the preset " + published.key() + ": "
                            + differences,
                    "leave --preset out: a run goes on with its own options");
        }
    }

    private Path runFolder(String name) throws IOException {
        if (!name.isEmpty()) {
            Path named = baseDir().run(name);
            return Files.isDirectory(named) ? named : Path.of(name);
        }
        if (out != null) {
            return out;
        }
        return tag == null
                ? CheckpointArguments.newestRun(baseDir())
                : baseDir().run(tag);
    }

    /** Names of the options on the command line, as {@code meta.json} writes them. */
    private Set<String> given() {
        return spec.commandLine().getParseResult().matchedOptions().stream()
                .map(option -> option.longestName().substring(2).replace('-', '_'))
                .collect(Collectors.toSet());
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
        try (Engine open = engine.open(console())) {
            Map<String, Object> facts = DryRun.of(options, vocabularySize, trained, open);
            FactsTable.lines(facts).forEach(this::say);
            result(facts);
        }
    }
}
