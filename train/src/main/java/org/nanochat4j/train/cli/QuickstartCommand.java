package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.Generator;
import org.nanochat4j.tokenizer.BpeTrainer;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import org.nanochat4j.tokenizer.TokenizerMeta;
import org.nanochat4j.tokenizer.Training;
import org.nanochat4j.train.data.Documents;
import org.nanochat4j.train.data.JdkDocs;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.data.Split;
import org.nanochat4j.train.pretrain.Metrics;
import org.nanochat4j.train.pretrain.PeakFlops;
import org.nanochat4j.train.pretrain.PretrainOptions;
import org.nanochat4j.train.pretrain.TrainingEvent;
import org.nanochat4j.train.report.ReportFiles;
import org.nanochat4j.train.report.RunLog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat quickstart}: the whole way from text to samples, small enough for a few minutes. */
@Command(
        name = "quickstart",
        description =
                "Train a tokenizer and a small model on real text (the JDK's own documentation), offline, and show what it writes.")
final class QuickstartCommand extends Verb {

    private static final String NAME = "quickstart";
    private static final int VOCABULARY = 4096;
    private static final int DEPTH = 3;
    private static final int HEAD = 64;
    private static final int CONTEXT = 256;
    private static final int ROWS = 8;
    private static final int BATCH = 2048;
    private static final int EVALUATION_TOKENS = 65_536;

    /** Share of the peak rate that a model of this size trains at. */
    private static final double USUAL_SHARE = 0.5;

    private static final List<String> PROMPTS =
            List.of("Returns the", "This class", "If the given", "The number of", "An exception is thrown");
    private static final double TEMPERATURE = 0.7;
    private static final int SAMPLE_TOKENS = 64;
    private static final int SAMPLE_CANDIDATES = 50;

    private static final int FEWEST_STEPS = 200;
    private static final int MOST_STEPS = 20_000;

    @Mixin
    private EngineArguments engine = new EngineArguments();

    @Mixin
    private MemoryArguments memory = new MemoryArguments();

    @Option(
            names = "--minutes",
            paramLabel = "X",
            description =
                    "About how long the training may take; the number of steps follows from the speed of this machine.",
            showDefaultValue = Visibility.ALWAYS)
    private double minutes = 3;

    @Option(names = "--steps", paramLabel = "N", description = "Steps of training, instead of --minutes.")
    private int steps;

    @Option(
            names = "--data",
            paramLabel = "NAME|DIR",
            description = "Train on this dataset instead of the JDK's documentation.")
    private @Nullable String data;

    QuickstartCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() throws IOException {
        if (steps < 0 || !(minutes > 0)) {
            throw UserError.usage(
                    "--steps and --minutes must be positive", "leave them out for a run of about five minutes in all");
        }
        long start = System.nanoTime();
        say("1 of 5: data");
        Shards shards = data();
        say("2 of 5: tokenizer");
        TokenizerSource tokenizer = tokenizer(shards);
        say("3 of 5: training");
        Path run = baseDir().run(NAME);
        ObjectNode result = new TrainingRun(this, engine, memory)
                .train(options(steps > 0 ? steps : stepsFor(minutes)), NAME, shards, tokenizer, run, true);
        say("4 of 5: samples, drawn at temperature " + TEMPERATURE);
        sample(run, Path.of(result.get("checkpoint").asString()), tokenizer.tokenizer());
        say("5 of 5: report");
        report(run, result);
        say("");
        say(String.format(
                Locale.ROOT, "Done in %s. What to try next:", Texts.duration((System.nanoTime() - start) / 1e9)));
        say("  nanochat sample --prompt \"Returns the\"           let the model continue a text");
        say("  nanochat quickstart --minutes 15                train longer: better text");
        say("  nanochat data import PATH... --name own         your own texts, then nanochat quickstart --data own");
        say("  nanochat train --help                           depth, horizon and learning rates of a run of your own");
        result(result);
    }

    /** The model is trained and saved by now: a report that cannot be written is no reason to fail. */
    private void report(Path run, ObjectNode result) {
        try {
            ReportFiles.Written report =
                    ReportFiles.write(List.of(RunLog.read(run)), baseDir().report(NAME));
            say("report    " + report.html());
            if (!report.note().isEmpty()) {
                say("          " + report.note());
            }
            result.put("report", report.html().toString());
        } catch (IOException e) {
            say("WARNING: no report (" + e.getMessage() + "); make room on the disk, then: nanochat report --run "
                    + run);
        }
    }

    /** What the model writes when it may choose; the greedy samples of the training repeat themselves at this size. */
    private void sample(Path run, Path checkpoint, Tokenizer tokenizer) throws IOException {
        List<int[]> prompts = PROMPTS.stream()
                .map(prompt -> tokenizer.encode(prompt, tokenizer.bos(), Tokenizer.NONE))
                .toList();
        int longest = prompts.stream().mapToInt(ids -> ids.length).max().orElseThrow();
        Checkpoint opened = Checkpoint.open(checkpoint);
        TokenizerSource.requireSame(tokenizer, opened);
        try (Engine open = engine.open(console());
                Metrics metrics = Metrics.append(run, this::say)) {
            var generator = new Generator(
                    opened.loadModel(open, ComputeType.AUTO.on(open)),
                    open,
                    prompts.size(),
                    longest + SAMPLE_TOKENS,
                    SAMPLE_CANDIDATES);
            var options = new Generator.Options(SAMPLE_TOKENS, TEMPERATURE, 42, Set.of(tokenizer.bos()));
            List<Generator.Sequence> sequences = generator.generate(prompts, options);
            for (int row = 0; row < prompts.size(); row++) {
                String text =
                        PROMPTS.get(row) + tokenizer.decode(sequences.get(row).generated());
                int step = Math.toIntExact(opened.meta().step().orElse(0));
                metrics.on(new TrainingEvent.Sample(step, PROMPTS.get(row), text));
                say("          " + Texts.oneLine(text, 400));
            }
        }
    }

    private Shards data() {
        if (data != null) {
            return Shards.open(baseDir().dataset(data));
        }
        Path folder = baseDir().data(DataCommand.JDK);
        if (Files.isDirectory(folder)) {
            say("          " + folder + " is there already");
        } else {
            JdkDocs.Result made =
                    JdkDocs.write(Path.of(System.getProperty("java.home")), folder, false, 42, progress());
            say(String.format(
                    Locale.ROOT,
                    "          %,d documents, %,d characters: %s",
                    made.documents(),
                    made.characters(),
                    folder));
        }
        return Shards.open(folder);
    }

    private TokenizerSource tokenizer(Shards shards) throws IOException {
        Path folder = baseDir().root().resolve(NAME).resolve("tokenizer");
        Training training =
                TokCommand.Train.learn(Documents.of(shards, Split.TRAIN), BpeTrainer.ofSize(VOCABULARY), progress());
        TokenizerFiles.save(
                training.tokenizer(), TokenizerMeta.of(training, shards.folder().toString()), folder);
        say(String.format(
                Locale.ROOT, "          %,d ids: %s", training.tokenizer().vocabSize(), folder));
        return TokenizerSource.load(folder);
    }

    /** How many steps fit, by the measured rate of matrix products and the share of it that training usually reaches. */
    private int stepsFor(double allowed) {
        try (Engine measured = engine.open(console())) {
            double peak = PeakFlops.measure(measured, ComputeType.AUTO.on(measured));
            long flopsPerStep = BATCH * Flops.trainingPerToken(shape().config(VOCABULARY));
            double fitting = allowed * 60 * peak * USUAL_SHARE / flopsPerStep;
            return (int) Math.clamp(Math.rint(fitting / 50) * 50, FEWEST_STEPS, MOST_STEPS);
        }
    }

    private static PretrainOptions.ModelOptions shape() {
        return new PretrainOptions.ModelOptions(Architecture.CURRENT, DEPTH, 64, HEAD, CONTEXT, "SSSL");
    }

    private static PretrainOptions options(int steps) {
        int evaluations = Math.max(steps / 4, 1);
        return new PretrainOptions(
                shape(),
                new PretrainOptions.HorizonOptions(steps, -1, 12, ROWS, BATCH),
                new PretrainOptions.OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, Math.min(40, steps / 4), 0.65, 0.05),
                new PretrainOptions.Intervals(evaluations, EVALUATION_TOKENS, evaluations * 2, -1),
                42);
    }
}
