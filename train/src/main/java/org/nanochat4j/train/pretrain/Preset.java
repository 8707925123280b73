package org.nanochat4j.train.pretrain;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.train.pretrain.PretrainOptions.HorizonOptions;
import org.nanochat4j.train.pretrain.PretrainOptions.Intervals;
import org.nanochat4j.train.pretrain.PretrainOptions.ModelOptions;
import org.nanochat4j.train.pretrain.PretrainOptions.OptimizerOptions;

/**
 * Published configurations of base training by name. What a publication does not state is the reference's default, also the number of
 * evaluation tokens.
 */
public enum Preset {
    /** Depth 20 in 10,000 small steps on one device: 896,533,746 parameters, 655 million tokens. */
    D20_10K(
            "d20-10k",
            32_768,
            new ModelOptions(Architecture.CURRENT, 20, 64, 128, 2048, "L"),
            new HorizonOptions(10_000, -1, 12, 1, 65_536),
            new OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, 100, 0.85, 0.05),
            new Intervals(4000, Preset.EVALUATION_TOKENS, 2000, 2000)),

    /** Depth 12 on 5.70 billion tokens: 286,261,730 parameters, 887 million operations per token. */
    D12_CHINCHILLA(
            "d12-chinchilla",
            32_768,
            new ModelOptions(Architecture.CURRENT, 12, 64, 128, 2048, "L"),
            new HorizonOptions(87_000, -1, 12, 8, 65_536),
            new OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, 40, 0.65, 0.05),
            new Intervals(250, Preset.EVALUATION_TOKENS, 2000, -1)),

    /** The first speedrun's model and horizon, 560,988,160 parameters and 11.2 billion tokens, with the current optimizer. */
    D20_ORIGINAL(
            "d20-original",
            65_536,
            new ModelOptions(Architecture.ORIGINAL, 20, 64, 128, 2048, "L"),
            new HorizonOptions(21_400, -1, 12, 32, 524_288),
            new OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, 40, 0.65, 0.05),
            new Intervals(250, Preset.EVALUATION_TOKENS, 2000, -1)),

    /** The reference's demonstration for processors: depth 6, heads of 64, context 512, 5,000 steps of 16,384 tokens. */
    RUNCPU(
            "runcpu",
            32_768,
            new ModelOptions(Architecture.CURRENT, 6, 64, 64, 512, "L"),
            new HorizonOptions(5000, -1, 12, 32, 16_384),
            new OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, 40, 0.65, 0.05),
            new Intervals(100, 524_288, 100, -1));

    /** The reference's default: 80 steps of 524,288 tokens. */
    private static final long EVALUATION_TOKENS = 80L * 524_288;

    private static final long SEED = 42;

    private final String key;
    private final int vocabularySize;

    @SuppressWarnings("ImmutableEnumChecker") // records of numbers and strings
    private final PretrainOptions options;

    Preset(
            String key,
            int vocabularySize,
            ModelOptions model,
            HorizonOptions horizon,
            OptimizerOptions optimizer,
            Intervals intervals) {
        this.key = key;
        this.vocabularySize = vocabularySize;
        this.options = new PretrainOptions(model, horizon, optimizer, intervals, SEED);
    }

    /** The preset of a name. */
    public static Optional<Preset> of(String name) {
        return Arrays.stream(values()).filter(preset -> preset.key.equals(name)).findFirst();
    }

    /** All names, for messages. */
    public static String names() {
        return Arrays.stream(values()).map(Preset::key).collect(Collectors.joining(", "));
    }

    /** Its name on the command line. */
    public String key() {
        return key;
    }

    /** Tokens of the vocabulary that its published figures are for. */
    public int vocabularySize() {
        return vocabularySize;
    }

    /** All options. */
    public PretrainOptions options() {
        return options;
    }
}
