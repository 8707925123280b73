package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.runtime.Engine;

class PublishedPeakTest {

    @ParameterizedTest(name = "{0}")
    @DisplayName("names as drivers give them")
    @CsvSource({
        "NVIDIA A100-SXM4-80GB, 312",
        "NVIDIA H100 80GB HBM3, 989.4",
        "NVIDIA H100 PCIe, 756",
        "NVIDIA H100 NVL, 835.5",
        "NVIDIA H200, 989.4",
        "NVIDIA H200 NVL, 835.5",
        "NVIDIA GH200 480GB, 989.4",
        "NVIDIA B200, 2250",
        "NVIDIA L40S, 362.05",
        "NVIDIA L4, 121",
        "NVIDIA GeForce RTX 3090, 71",
        "NVIDIA GeForce RTX 4090, 165.2",
        "NVIDIA GeForce RTX 5090, 209.5",
        "AMD Instinct MI300X, 1307.4"
    })
    void known(String device, double teraflops) {
        assertEquals(teraflops, PublishedPeak.find(device).orElseThrow().teraflops());
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("a part of a device, a relative of it, a processor: none is taken for what it is not")
    @ValueSource(
            strings = {
                "NVIDIA GeForce RTX 4090 Laptop GPU",
                "NVIDIA GeForce RTX 4090 D",
                "NVIDIA GeForce RTX 3090 Ti",
                "NVIDIA A100-SXM4-80GB MIG 1g.10gb",
                "NVIDIA GeForce RTX 4080",
                "AMD EPYC 9B14",
                "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
                ""
            })
    void unknown(String device) {
        assertEquals(Optional.empty(), PublishedPeak.find(device));
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName(
            "a processor's peak is measured in the type that is computed in, and says so; its utilisation has another name than that of a published peak")
    @EnumSource(names = {"F32", "BF16"})
    void measured(DType compute) {
        try (Engine engine = Engine.open()) {
            PeakFlops peak = PeakFlops.of(engine, compute);
            assertFalse(peak.published());
            assertTrue(peak.perSecond() > 1e8, peak.line());
            assertTrue(peak.line().endsWith(" (measured at start, large " + compute + " matrix product)"), peak.line());
            assertEquals("mfu_of_measured", peak.utilisation());
        }
        var published = new PeakFlops(1e15, DType.BF16, true);
        assertEquals("bf16_mfu", published.utilisation());
        assertEquals("published, BF16 matrix products without sparsity", published.source());
    }
}
