package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.ParameterCounts;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The published figures of each preset: exact where they are whole numbers, else to the digits that were published. */
class PresetTest {

    @ParameterizedTest(name = "{0}")
    @DisplayName(
            "parameters, FLOPs per token, scale of the learning rates, weight decay, steps and tokens of the horizon")
    @CsvSource({
        // parameters of depth 20 and 12: the model's published table; FLOPs: 6 (P + 24) + 12 L C T; decay: 0.28 sqrt(B
        // / 2^19) P12 / P
        "d20-10k,896533746,3240107184,0.353553,0.025047,10000,655360000,32",
        "d12-chinchilla,286261730,887098032,0.353553,0.098995,87000,5701632000,4",
        "d20-original,560988160,3491758080,1,0.079385,21400,11219763200,8",
        "runcpu,73531646,153355680,0.176777,0.234903,5000,81920000,1"
    })
    void figures(
            String name, long parameters, long flops, double scale, double decay, int steps, long tokens, int micro) {
        Preset preset = Preset.of(name).orElseThrow();
        GptConfig config = preset.options().model().config(preset.vocabularySize());
        Derivation derived = Derivation.of(preset.options(), preset.vocabularySize());
        assertEquals(parameters, ParameterCounts.of(config).total());
        assertEquals(flops, Flops.trainingPerToken(config));
        assertEquals(flops, derived.flopsPerToken());
        assertEquals(scale, derived.batchScale(), 5e-7);
        assertEquals(decay, derived.weightDecay(), 5e-7);
        assertEquals(steps, derived.iterations());
        assertEquals(tokens, derived.totalTokens());
        assertEquals(micro, derived.accumulationSteps());
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("every group's learning rate and decay by the specification's table, from the width and the batch")
    @CsvSource({"d20-10k,1280", "d12-chinchilla,768", "d20-original,1280", "runcpu,384"})
    void rates(String name, int width) {
        Preset preset = Preset.of(name).orElseThrow();
        PretrainOptions options = preset.options();
        assertEquals(width, options.model().config(preset.vocabularySize()).channels());
        double batch = Math.sqrt(options.horizon().totalBatchSize() / 524_288.0);
        double model = 1 / Math.sqrt(width / 768.0);
        JsonNode facts = JsonMapper.shared().valueToTree(DryRun.derived(options, preset.vocabularySize()));
        Map<String, Double> rates = new TreeMap<>();
        rates.put("lm_head", 0.008 * batch * model);
        rates.put("wte", 0.3 * batch * model);
        boolean current = options.model().architecture() == Architecture.CURRENT;
        if (current) {
            rates.put("value_embeds", 0.15 * batch * model);
            rates.put("resid_lambdas", 0.005 * batch);
            rates.put("x0_lambdas", 0.5 * batch);
            rates.put("smear", 0.2);
        }
        Map<String, Double> decays = new TreeMap<>(Map.of("lm_head", 0.01, "wte", 0.001));
        if (current) {
            decays.putAll(Map.of("value_embeds", 0.01, "resid_lambdas", 0.05, "x0_lambdas", 0.0, "smear", 0.0));
        }
        JsonNode given = facts.get("learning_rates");
        long matrices = 0;
        for (String group : given.propertyNames()) {
            boolean muon = group.startsWith("muon.");
            matrices += muon ? 1 : 0;
            double rate = muon ? 0.02 * batch : Objects.requireNonNull(rates.remove(group), group);
            assertEquals(rate, given.get(group).asDouble(), 1e-12, group);
            double decay = muon
                    ? Derivation.of(options, preset.vocabularySize()).weightDecay()
                    : Objects.requireNonNull(decays.get(group), group);
            assertEquals(decay, facts.at("/weight_decay/" + group).asDouble(), 1e-8, group);
        }
        assertEquals(Map.of(), rates, "groups that are missing");
        // the gate of the value embeddings has a shape of its own
        assertEquals(current ? 4 : 3, matrices);
    }

    @Test
    @DisplayName("d12-chinchilla as published: 887 MFLOPs, rates x 0.3536, decay 0.099, 5.70 billion tokens")
    void chinchilla() {
        Derivation derived = Derivation.of(Preset.D12_CHINCHILLA.options(), 32_768);
        assertEquals(887e6, derived.flopsPerToken(), 0.5e6);
        assertEquals(0.3536, derived.batchScale(), 5e-5);
        assertEquals(0.099, derived.weightDecay(), 5e-4);
        assertEquals(5.70e9, derived.totalTokens(), 0.005e9);
    }

    @Test
    @DisplayName(
            "d20-original as published: 3.49e9 FLOPs per token, 11.2 billion tokens, the architecture of October 2025")
    void original() {
        Derivation derived = Derivation.of(Preset.D20_ORIGINAL.options(), 65_536);
        assertEquals(3.49e9, derived.flopsPerToken(), 0.005e9);
        assertEquals(11.2e9, derived.totalTokens(), 0.05e9);
        assertEquals(
                Architecture.ORIGINAL, Preset.D20_ORIGINAL.options().model().architecture());
    }

    @Test
    @DisplayName("every option of d20-10k and d12-chinchilla that their publication states")
    void published() {
        assertOptions(
                Preset.D20_10K,
                "depth=20 head_dim=128 max_seq_len=2048 window_pattern=L device_batch_size=1 total_batch_size=65536"
                        + " num_iterations=10000 embedding_lr=0.3 unembedding_lr=0.008 matrix_lr=0.02 scalar_lr=0.5"
                        + " weight_decay=0.28 target_param_data_ratio=12.0 warmup_steps=100 warmdown_ratio=0.85"
                        + " final_lr_frac=0.05 eval_every=4000 save_every=2000 sample_every=2000");
        assertOptions(
                Preset.D12_CHINCHILLA,
                "depth=12 max_seq_len=2048 window_pattern=L device_batch_size=8 total_batch_size=65536"
                        + " num_iterations=87000 warmup_steps=40 warmdown_ratio=0.65");
        assertOptions(
                Preset.D20_ORIGINAL,
                "architecture=original depth=20 total_batch_size=524288 num_iterations=21400 eval_tokens=41943040");
        assertOptions(
                Preset.RUNCPU,
                "depth=6 head_dim=64 max_seq_len=512 window_pattern=L device_batch_size=32 total_batch_size=16384"
                        + " num_iterations=5000 eval_every=100 eval_tokens=524288 sample_every=100");
        assertEquals(
                List.of(32_768, 32_768, 65_536, 32_768),
                Arrays.stream(Preset.values()).map(Preset::vocabularySize).toList());
    }

    private static void assertOptions(Preset preset, String options) {
        Map<String, Object> config = preset.options().userConfig();
        for (String option : options.split(" ")) {
            String[] pair = option.split("=");
            assertEquals(pair[1], String.valueOf(config.get(pair[0])), preset.key() + " " + pair[0]);
        }
    }

    @Test
    @DisplayName("d20-10k as published: 10 heads of 128, width 1280, warm-up 100, warm-down 0.85, its intervals")
    void tenThousand() {
        PretrainOptions options = Preset.D20_10K.options();
        GptConfig config = options.model().config(32_768);
        assertEquals(10, config.heads());
        assertEquals(128, config.headSize());
        assertEquals(1280, config.channels());
        var schedules = new Schedules(10_000, 100, 0.85, 0.05);
        assertEquals(schedules, schedules(options));
        assertEquals(0.01, schedules(options).learningRate(0), 1e-12);
        assertEquals(1, schedules(options).learningRate(1500), 1e-12);
        assertEquals(new PretrainOptions.Intervals(4000, 41_943_040, 2000, 2000), options.intervals());
    }

    private static Schedules schedules(PretrainOptions options) {
        var optimizer = options.optimizer();
        return new Schedules(
                Derivation.of(options, 32_768).iterations(),
                optimizer.warmupSteps(),
                optimizer.warmdownRatio(),
                optimizer.finalLrFrac());
    }
}
