package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.engine.DType;

class GptConfigTest {
    private static GptConfig depth(int depth) {
        return GptConfig.ofDepth(depth, 64, 128, 2048, 32768, "SSSL", Architecture.CURRENT);
    }

    @ParameterizedTest(name = "depth {0}")
    @DisplayName("parameters and FLOPs per token by depth, vocabulary 32,768, sequence 2,048, pattern SSSL")
    @CsvSource({
        "4, 256, 2, 16777216, 3145776, 36700242, 11534384, 80216496",
        "6, 384, 3, 37748736, 10616940, 73531538, 23199852, 167510808",
        "8, 512, 4, 67108864, 25166016, 125829354, 41943232, 295699728",
        "10, 640, 5, 104857600, 49152300, 195952986, 70123820, 495454104",
        "12, 768, 6, 150994944, 84935088, 286261730, 110100912, 759696048",
        "16, 1024, 8, 268435456, 201327360, 536871738, 234881792, 1585451664",
        "20, 1280, 10, 419430400, 393217200, 896533746, 435160240, 2886212784",
        "24, 1536, 12, 603979776, 679478976, 1384122122, 729810624, 4775225616",
        "26, 1664, 13, 708837376, 863897580, 1681786938, 918423532, 5991051288",
        "32, 2048, 16, 1073741824, 1610615808, 2818575450, 1677724672, 10770991248"
    })
    void table(int depth, int channels, int heads, long values, long matrices, long total, long scaling, long flops) {
        GptConfig config = depth(depth);
        ParameterCounts counts = ParameterCounts.of(config);
        assertEquals(channels, config.channels());
        assertEquals(heads, config.heads());
        assertEquals(values, counts.valueEmbeddings());
        assertEquals(matrices, counts.matrices());
        assertEquals(total, counts.total());
        assertEquals(scaling, counts.scaling());
        assertEquals(flops, Flops.trainingPerToken(config));
        assertEquals(total, GptParameters.declare(config, DType.F32).store().count(), "declared parameters");
    }

    @Test
    @DisplayName("the first release: depth 20 with vocabulary 65,536, and the larger ones")
    void original() {
        GptConfig config = GptConfig.ofDepth(20, 64, 128, 2048, 65536, "L", Architecture.ORIGINAL);
        assertEquals(560_988_160L, ParameterCounts.of(config).total());
        assertEquals(
                560_988_160L, GptParameters.declare(config, DType.F32).store().count());
        assertEquals(3_491_758_080L, Flops.trainingPerToken(config));
        int[] depths = {26, 32, 34};
        long[] totals = {1_081_999_360L, 1_879_048_192L, 2_217_082_880L};
        for (int i = 0; i < depths.length; i++) {
            GptConfig larger = GptConfig.ofDepth(depths[i], 64, 128, 2048, 65536, "L", Architecture.ORIGINAL);
            assertEquals(totals[i], ParameterCounts.of(larger).total());
        }
    }

    @Test
    @DisplayName("a depth whose width is no multiple of the head size is rounded up")
    void roundsUp() {
        assertEquals(640, depth(9).channels());
        assertEquals(5, depth(9).heads());
    }

    @ParameterizedTest(name = "sequence {0}: short window {1}")
    @CsvSource({"128, 128", "256, 128", "512, 128", "1024, 256", "2048, 512", "4096, 1024"})
    void shortWindows(int sequence, int window) {
        GptConfig config = GptConfig.ofDepth(4, 64, 64, sequence, 1000, "sl", Architecture.CURRENT);
        assertArrayEquals(new int[] {window, sequence, window, sequence}, config.windows());
    }

    @Test
    @DisplayName("the last layer sees everything whatever the pattern")
    void lastLayer() {
        GptConfig config = GptConfig.ofDepth(5, 64, 64, 2048, 1000, "SSS", Architecture.CURRENT);
        assertArrayEquals(new int[] {512, 512, 512, 512, 2048}, config.windows());
    }

    @Test
    void valueEmbeddingsCountBackFromTheLastLayer() {
        GptConfig five = GptConfig.ofDepth(5, 64, 64, 256, 1000, "L", Architecture.CURRENT);
        assertTrue(five.hasValueEmbedding(0) && !five.hasValueEmbedding(1) && five.hasValueEmbedding(4));
        assertEquals(3, five.valueEmbeddings());
        assertTrue(!depth(12).hasValueEmbedding(0) && depth(12).hasValueEmbedding(11));
    }

    @Test
    void vocabularyPadding() {
        GptConfig config = new GptConfig(64, 65, 1, 1, 1, 32, "L", Architecture.CURRENT);
        assertEquals(128, config.paddedVocabulary());
        GptConfig original = new GptConfig(64, 65, 1, 1, 1, 32, "L", Architecture.ORIGINAL);
        assertEquals(65, original.paddedVocabulary());
    }

    @ParameterizedTest(name = "{7}")
    @CsvSource({
        "64, 64, 0, 2, 2, 32, L, n_layer",
        "64, 64, 2, 3, 3, 32, L, n_head 3 does not divide",
        "64, 64, 2, 4, 3, 32, L, n_kv_head 3 does not divide",
        "64, 64, 2, 4, 8, 32, L, n_kv_head 8 does not divide",
        "64, 64, 2, 2, 2, 16, L, n_embd 16 is too narrow",
        "64, 64, 2, 10, 10, 30, L, head size 3 is odd",
        "64, 64, 2, 2, 2, 32, SXL, window_pattern 'SXL'",
        "64, 64, 2, 2, 2, 32, '', window_pattern ''",
        "0, 64, 2, 2, 2, 32, L, sequence_len",
        "64, 0, 2, 2, 2, 32, L, vocab_size",
        "64, 64, 2, 0, 2, 32, L, n_head must be"
    })
    void badConfigurations(
            int time, int vocabulary, int layers, int heads, int kv, int channels, String pattern, String says) {
        Thrown.says(
                says,
                ModelException.BadConfig.class,
                () -> new GptConfig(time, vocabulary, layers, heads, kv, channels, pattern, Architecture.CURRENT));
    }

    @Test
    void badDepth() {
        Thrown.says("depth must be at least 1", ModelException.BadConfig.class, () -> depth(0));
    }

    @Test
    @DisplayName("decode and prefill FLOPs: the sum of decode steps is the attention of a prefill with one key less per"
            + " query")
    void decodeAndPrefill() {
        GptConfig config = new GptConfig(256, 61, 4, 4, 2, 32, "SSSL", Architecture.CURRENT);
        assertEquals(47_176, Flops.matmulParameters(config));
        assertEquals(528_816, Flops.trainingPerToken(config));
        long decoded = 0;
        for (int context = 1; context <= 200; context++) {
            decoded += Flops.decode(config, context);
        }
        assertEquals(decoded, Flops.prefill(config, 200));
    }
}
