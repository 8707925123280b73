package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.train.pretrain.CheckpointFacts;
import org.nanochat4j.train.pretrain.DryRun;
import org.nanochat4j.train.pretrain.Preset;
import org.nanochat4j.train.pretrain.PretrainOptions;
import org.nanochat4j.train.pretrain.PretrainOptions.HorizonOptions;
import org.nanochat4j.train.pretrain.PretrainOptions.ModelOptions;
import org.nanochat4j.train.pretrain.RunFacts;
import org.nanochat4j.train.pretrain.RunFolder;
import org.nanochat4j.train.pretrain.TrainingPlan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat info}: what a model of some depth costs, without allocating it; or what a checkpoint is. */
@Command(
        name = "info",
        description =
                "Show what a model costs: parameters by group, FLOPs per token, memory of training; with --preset also what the run is. Nothing is allocated. Or show what a checkpoint is.")
final class InfoCommand extends Verb {

    private static final int LARGEST_TEMPORARIES = 5;

    @Mixin
    private PresetArguments preset = new PresetArguments();

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Mixin
    private EngineArguments engineArguments = new EngineArguments();

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            description = "Tokens of the vocabulary.",
            showDefaultValue = Visibility.ALWAYS)
    private int vocabSize = 32768;

    @Option(
            names = "--device-batch-size",
            paramLabel = "ROWS",
            description = "Rows of a micro-batch.",
            showDefaultValue = Visibility.ALWAYS)
    private int deviceBatchSize = 32;

    @Option(
            names = "--checkpoint",
            paramLabel = "DIR",
            description =
                    "Show this checkpoint instead, or the newest of this run: model, tokenizer, dataset, and with what it was computed. Its files are compared with their checksums.")
    private @Nullable Path checkpoint;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    InfoCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() throws IOException {
        if (checkpoint != null) {
            show(checkpoint);
            return;
        }
        Preset published = preset.apply();
        ModelOptions options = model.options();
        GptConfig config = options.config(vocabSize);
        Map<String, Object> parameters = RunFacts.parameters(config);
        long flops = Flops.trainingPerToken(config);
        try (Engine engine = engineArguments.open(console())) {
            MemoryPlan plan = engine.plan(TrainingPlan.record(options.on(engine), config, deviceBatchSize)
                    .programs()
                    .programs());
            Map<String, Object> derived =
                    published == null ? Map.of() : DryRun.derived(with(published, options), vocabSize);
            if (json()) {
                ObjectNode tree = tree(config, parameters, flops, plan);
                derived.forEach((section, facts) ->
                        tree.set(section, JsonMapper.shared().valueToTree(facts)));
                result(tree);
                return;
            }
            say(String.format(
                    Locale.ROOT,
                    "%s architecture: %d layers, %d channels, %d heads of %d, context %,d, vocabulary %,d",
                    config.architecture(),
                    config.layers(),
                    config.channels(),
                    config.heads(),
                    config.headSize(),
                    config.sequenceLength(),
                    config.vocabularySize()));
            say("");
            say("parameters");
            parameters.forEach((name, count) -> say(String.format(Locale.ROOT, "  %-28s %,16d", name, (Long) count)));
            say("");
            say(String.format(Locale.ROOT, "FLOPs per token (training)     %,16d", flops));
            say("");
            say("memory of training with " + deviceBatchSize + " rows per micro-batch");
            say(plan.table(LARGEST_TEMPORARIES).stripTrailing());
            if (published != null) {
                say("");
                FactsTable.lines(derived).forEach(this::say);
            }
        }
    }

    /** The preset with what was given beside it. */
    private PretrainOptions with(Preset published, ModelOptions options) {
        PretrainOptions all = published.options();
        var horizon = all.horizon();
        return new PretrainOptions(
                options,
                new HorizonOptions(
                        horizon.numIterations(),
                        horizon.targetFlops(),
                        horizon.targetParamDataRatio(),
                        deviceBatchSize,
                        horizon.totalBatchSize()),
                all.optimizer(),
                all.intervals(),
                all.seed());
    }

    private void show(Path folder) throws IOException {
        List<String> others = spec.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .filter(name -> !Set.of("--checkpoint", "--json", "--base-dir").contains(name))
                .toList();
        if (!others.isEmpty()) {
            throw UserError.usage(
                    "--checkpoint together with " + String.join(", ", others),
                    "leave them out: a checkpoint says itself what it is");
        }
        Checkpoint opened = Checkpoint.open(RunFolder.resolve(folder));
        opened.verify();
        Map<String, Object> facts = CheckpointFacts.of(opened);
        FactsTable.lines(facts).forEach(this::say);
        result(facts);
    }

    private ObjectNode tree(GptConfig config, Map<String, Object> parameters, long flops, MemoryPlan plan) {
        ObjectNode node = JsonMapper.shared().createObjectNode();
        node.set("model", JsonMapper.shared().valueToTree(RunFacts.modelConfig(config)));
        node.set("parameters", JsonMapper.shared().valueToTree(parameters));
        node.put("flops_per_token", flops);
        node.put("device_batch_size", deviceBatchSize);
        node.put("memory", plan.totalBytes());
        node.set("memory_by_use", JsonMapper.shared().valueToTree(RunFacts.memory(plan, 0)));
        return node;
    }
}
