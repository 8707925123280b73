package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.pretrain.Derivation;
import org.nanochat4j.train.pretrain.MemoryUse;
import org.nanochat4j.train.pretrain.Metrics;
import org.nanochat4j.train.pretrain.MetricsTable;
import org.nanochat4j.train.pretrain.PretrainOptions;
import org.nanochat4j.train.pretrain.Pretraining;
import org.nanochat4j.train.pretrain.Resumption;
import org.nanochat4j.train.pretrain.RunFolder;
import org.nanochat4j.train.pretrain.RunInputs;
import org.nanochat4j.train.pretrain.RunLock;
import org.nanochat4j.train.pretrain.SavedRun;
import org.nanochat4j.train.pretrain.TrainingEvent;
import org.nanochat4j.train.pretrain.TrainingListener;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A training run as the command line shows it: what follows from the options, a line per step, what came out. */
final class TrainingRun implements TrainingListener {

    private static final int LARGEST_TEMPORARIES = 3;

    private final Verb verb;
    private final EngineArguments engineArguments;
    private final MemoryArguments memory;
    private int keepLast;
    private TrainingEvent.@Nullable Step lastStep;
    private final ObjectNode result = JsonMapper.shared().createObjectNode();

    TrainingRun(Verb verb, EngineArguments engineArguments, MemoryArguments memory) {
        this.verb = verb;
        this.engineArguments = engineArguments;
        this.memory = memory;
    }

    /** Keeps so many of the newest checkpoints, beside the best; 0: all. */
    TrainingRun keepLast(int checkpoints) {
        keepLast = checkpoints;
        return this;
    }

    /** Trains; returns what came out. */
    ObjectNode train(
            PretrainOptions options, String tag, Shards shards, TokenizerSource tokenizer, Path folder, boolean replace)
            throws IOException {
        RunFolder.requireFree(folder, replace);
        var inputs = new RunInputs(tag, shards, tokenizer.tokenizer(), tokenizer.files(), engineArguments.threads());
        try (Engine engine = engineArguments.open(verb.console());
                Pretraining training = new Pretraining(options, inputs, engine, memory.bytes())) {
            RunFolder run = RunFolder.begin(folder, replace);
            try (RunLock _ = RunLock.acquire(folder)) {
                introduce(training, engine, shards, tokenizer);
                try (Metrics metrics = Metrics.begin(folder, verb::say)) {
                    go(training, run, metrics);
                } finally {
                    table(folder);
                }
            }
        }
        result.put("run", folder.toString());
        return result;
    }

    /** Goes on with a run, whose folder the caller has locked; returns what came out. */
    ObjectNode resume(Resumption resumption, Shards shards, TokenizerSource tokenizer, RunFolder run)
            throws IOException {
        SavedRun saved = resumption.saved();
        var inputs =
                new RunInputs(saved.tag(), shards, tokenizer.tokenizer(), tokenizer.files(), engineArguments.threads());
        try (Engine engine = engineArguments.open(verb.console());
                Pretraining training = new Pretraining(resumption.options(), inputs, engine, memory.bytes())) {
            training.resume(resumption);
            introduce(training, engine, shards, tokenizer);
            int step = saved.progress().step();
            run.setAside(step, verb::say);
            try (Metrics metrics = Metrics.resume(run.path(), step, verb::say)) {
                go(training, run, metrics);
            } finally {
                table(run.path());
            }
        }
        result.put("run", run.path().toString());
        return result;
    }

    private void go(Pretraining training, RunFolder run, Metrics metrics) throws IOException {
        try (StopSignal stop = new StopSignal(() -> verb.say("Stopping: this step is finished and saved first"))) {
            int steps = training.run(run, keepLast, stop, event -> {
                metrics.on(event);
                on(event);
            });
            if (steps < training.derivation().iterations()) {
                verb.say("Stopped after step " + steps + "; go on with: nanochat train --resume --out " + run.path());
                result.put("stopped_at", steps);
            }
        }
    }

    /** Nothing of a run depends on its table, so a run does not fail where that cannot be written. */
    private void table(Path folder) {
        try {
            MetricsTable.write(folder);
        } catch (IOException e) {
            verb.say("WARNING: " + folder.resolve(MetricsTable.FILE) + " is not written (" + Failures.describe(e)
                    + "); nanochat report --run " + folder + " writes it");
        }
    }

    private void introduce(Pretraining training, Engine engine, Shards shards, TokenizerSource tokenizer) {
        PretrainOptions options = training.options();
        Derivation derived = training.derivation();
        var device = engine.device();
        verb.say("machine   " + device.name() + "; " + device.path() + ", " + device.threads() + " threads");
        device.features().forEach(feature -> verb.say("          " + feature));
        engine.kernels()
                .forEach((op, kernel) -> verb.say(String.format(Locale.ROOT, "kernel    %-20s %s", op, kernel)));
        verb.say("peak      " + training.peak().line() + "; MFU is relative to it");
        verb.say("data      " + shards.folder() + ", " + shards.all().size() + " shards");
        verb.say(String.format(
                Locale.ROOT,
                "model     %s, depth %d, vocabulary %,d, computes in %s, %,d FLOPs per token",
                options.model().architecture(),
                options.model().depth(),
                tokenizer.tokenizer().vocabSize(),
                options.model().compute().key(),
                derived.flopsPerToken()));
        verb.say(String.format(
                Locale.ROOT,
                "run       %,d steps of %,d tokens (%s), %d micro-batches each; learning rates x %.4f, weight decay %.4f",
                derived.iterations(),
                derived.totalBatchSize(),
                derived.horizon(),
                derived.accumulationSteps(),
                derived.batchScale(),
                derived.weightDecay()));
        if (options.intervals().evalEvery() > 0) {
            verb.say(String.format(
                    Locale.ROOT,
                    "evaluate  %,d tokens each time",
                    options.intervals().evalTokens()));
        }
        verb.say("memory");
        verb.say(training.plan().table(LARGEST_TEMPORARIES).stripTrailing());
        verb.say(
                training.copyBytes() > 0
                        ? "saving    beside training, from a copy of weights and optimizer state: "
                                + MemoryPlan.human(training.copyBytes()) + " more"
                        : "saving    training waits while a checkpoint is written: there is no memory for a copy of weights and optimizer state");
    }

    @Override
    public void on(TrainingEvent event) {
        switch (event) {
            case TrainingEvent.Started _ -> {}
            case TrainingEvent.Step step -> {
                verb.say(step.line());
                lastStep = step;
                result.put("loss", step.loss());
                result.put("tokens_per_second", step.tokensPerSecond());
            }
            case TrainingEvent.Validation validation -> {
                verb.say(validation.line());
                if (lastStep != null) {
                    verb.say(String.format(Locale.ROOT, "Step %05d | ", validation.step()) + lastStep.normsLine());
                }
            }
            case TrainingEvent.Memory(int step, MemoryUse use) -> {
                verb.say(String.format(Locale.ROOT, "Step %05d | memory: %s", step, use.line()));
                ObjectNode node = result.putObject("memory");
                node.put("planned", use.planned()).put("tensors", use.tensors()).put("heap", use.heap());
                node.put("resident", use.resident()).put("peak_resident", use.peakResident());
            }
            case TrainingEvent.NotFinite _ -> {
                // the exception that ends the run says it
            }
            case TrainingEvent.Sample(int _, String _, String text) -> verb.say(Texts.oneLine(text, 400));
            case TrainingEvent.Saved saved -> {
                verb.say(saved.line());
                result.put("checkpoint", saved.folder().toString());
            }
            case TrainingEvent.Resumed resumed -> {
                verb.say("Going on after step " + resumed.step() + " from " + resumed.folder());
                resumed.changes()
                        .forEach(change -> verb.say("  " + change + "; this is recorded in the run's history"));
                result.put("resumed_at", resumed.step());
                result.put("checkpoint", resumed.folder().toString());
            }
            case TrainingEvent.SaveFailed(int step, String problem) ->
                verb.say(String.format(
                        Locale.ROOT,
                        "Step %05d | WARNING: not saved (%s); older checkpoints stay, training goes on, and saving is tried again."
                                + " Make room on the disk.",
                        step,
                        problem));
            case TrainingEvent.Warning(int step, String problem) ->
                verb.say(String.format(Locale.ROOT, "Step %05d | WARNING: %s", step, problem));
            case TrainingEvent.Finished end -> {
                verb.say(String.format(Locale.ROOT, "Total training time: %.2fm", end.totalSeconds() / 60));
                verb.say(String.format(
                        Locale.ROOT,
                        "Waited for data: %.2fs, %.2f%% of the steps' time",
                        end.waitSeconds(),
                        100 * end.waitShare()));
                Double least = end.minBpb();
                if (least != null) {
                    verb.say(String.format(Locale.ROOT, "Minimum validation bpb: %.6f", least));
                }
                result.put("steps", end.steps());
                number("val_bpb", end.lastBpb());
                number("min_val_bpb", least);
                number("total_training_time", end.totalSeconds());
                number("data_wait_share", end.waitShare());
            }
        }
    }

    private void number(String key, @Nullable Double value) {
        if (value == null || !Double.isFinite(value)) {
            result.putNull(key);
        } else {
            result.put(key, value.doubleValue());
        }
    }
}
