package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.ModelException;

class DerivationTest {

    @ParameterizedTest(name = "depth {0}")
    @DisplayName("the published table of batch, iterations, batch scale and weight decay at ratio 12")
    @CsvSource({
        "4,262144,528,0.7071,1.889903",
        "6,262144,1062,0.7071,0.939612",
        "8,262144,1920,0.7071,0.519723",
        "10,524288,1605,1,0.439626",
        "12,524288,2520,1,0.280000",
        "14,524288,3759,1,0.187710",
        "16,524288,5376,1,0.131250",
        "18,1048576,3712,1.4142,0.134393",
        "20,1048576,4980,1.4142,0.100188",
        "24,1048576,8352,1.4142,0.059738",
        "26,1048576,10510,1.4142,0.047470",
        "32,2097152,9600,2,0.036750"
    })
    void table(int depth, long batch, int iterations, double scale, double decay) {
        Derivation derived = Derivation.of(options(depth, -1, -1, 12, 8, -1), 32768);
        assertEquals(batch, derived.totalBatchSize());
        assertEquals(iterations, derived.iterations());
        assertEquals(scale, derived.batchScale(), 5e-5);
        assertEquals(decay, derived.weightDecay(), 5e-7);
        assertEquals(batch / (8 * 2048), derived.accumulationSteps());
    }

    @Test
    @DisplayName("depth 24 at ratio 8 runs 5,568 steps")
    void ratioEight() {
        assertEquals(5568, Derivation.of(options(24, -1, -1, 8, 8, -1), 32768).iterations());
    }

    @Test
    @DisplayName("ratio -1 with another horizon: both signs cancel")
    void ratioOff() {
        Derivation on = Derivation.of(options(8, 100, -1, 12, 8, -1), 32768);
        Derivation off = Derivation.of(options(8, 100, -1, -1, 8, -1), 32768);
        assertEquals(on.totalBatchSize(), off.totalBatchSize());
        assertEquals(on.weightDecay(), off.weightDecay(), 1e-12);
        assertEquals(100, off.iterations());
    }

    @Test
    @DisplayName("target FLOPs: round(flops / (flops per token x batch)), before the data ratio")
    void targetFlops() {
        Derivation derived = Derivation.of(options(12, -1, 1e18, 12, 8, -1), 32768);
        assertEquals(759_696_048, derived.flopsPerToken());
        assertEquals((int) Math.rint(1e18 / (759_696_048.0 * 524_288)), derived.iterations());
    }

    @Test
    @DisplayName("a given batch: d12 with 65,536 tokens has decay 0.099 and rates scaled by 0.3536")
    void givenBatch() {
        Derivation derived = Derivation.of(options(12, 87_000, -1, 12, 8, 65_536), 32768);
        assertEquals(0.3536, derived.batchScale(), 5e-5);
        assertEquals(0.099, derived.weightDecay(), 5e-4);
        assertEquals(4, derived.accumulationSteps());
        assertEquals(5.70e9, derived.totalTokens(), 0.005e9);
    }

    @Test
    @DisplayName("a batch that is no multiple of the micro-batch is refused with a number that would do")
    void noMultiple() {
        var e = assertThrows(
                ModelException.BadConfig.class, () -> Derivation.of(options(4, 10, -1, 12, 3, 65_536), 32768));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("no multiple of 6,144"), message);
        assertTrue(message.contains("--total-batch-size 61440"), message);
    }

    @Test
    @DisplayName("no horizon at all is refused")
    void noHorizon() {
        assertThrows(ModelException.BadConfig.class, () -> Derivation.of(options(4, -1, -1, -1, 8, -1), 32768));
    }

    static PretrainOptions options(
            int depth, int iterations, double flops, double ratio, int deviceBatch, long totalBatch) {
        return new PretrainOptions(
                new PretrainOptions.ModelOptions(Architecture.CURRENT, depth, 64, 128, 2048, "SSSL"),
                new PretrainOptions.HorizonOptions(iterations, flops, ratio, deviceBatch, totalBatch),
                new PretrainOptions.OptimizerOptions(0.3, 0.008, 0.28, 0.02, 0.5, 40, 0.65, 0.05),
                new PretrainOptions.Intervals(250, 524_288, 2000, -1),
                42);
    }
}
