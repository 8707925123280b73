package org.nanochat4j.train.cli;

import java.util.Locale;
import java.util.Map;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.train.pretrain.PretrainOptions.ModelOptions;
import org.nanochat4j.train.pretrain.RunFacts;
import org.nanochat4j.train.pretrain.TrainingPlan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat info}: what a model of some depth costs, without allocating it. */
@Command(
        name = "info",
        description =
                "Show what a model costs: parameters by group, FLOPs per token, memory of training. Nothing is allocated.")
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

    InfoCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() {
        preset.apply();
        ModelOptions options = model.options();
        GptConfig config = options.config(vocabSize);
        Map<String, Object> parameters = RunFacts.parameters(config);
        long flops = Flops.trainingPerToken(config);
        try (Engine engine = engineArguments.open()) {
            MemoryPlan plan = engine.plan(
                    TrainingPlan.record(config, deviceBatchSize).programs().programs());
            if (json()) {
                result(tree(config, parameters, flops, plan));
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
        }
    }

    private ObjectNode tree(GptConfig config, Map<String, Object> parameters, long flops, MemoryPlan plan) {
        ObjectNode node = JsonMapper.shared().createObjectNode();
        node.set("model", JsonMapper.shared().valueToTree(RunFacts.modelConfig(config)));
        node.set("parameters", JsonMapper.shared().valueToTree(parameters));
        node.put("flops_per_token", flops);
        node.put("device_batch_size", deviceBatchSize);
        node.put("memory", plan.totalBytes());
        node.set("memory_by_use", JsonMapper.shared().valueToTree(RunFacts.memory(plan)));
        return node;
    }
}
