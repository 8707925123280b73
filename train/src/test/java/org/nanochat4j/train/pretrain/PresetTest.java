package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Flops;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.ParameterCounts;

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
