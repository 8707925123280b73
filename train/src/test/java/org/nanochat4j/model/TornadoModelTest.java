package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;
import org.nanochat4j.engine.tornado.TestLibraryBackend;
import org.nanochat4j.engine.tornado.cublas.FakeCublas;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** Whole models as task graphs against the reference program. */
class TornadoModelTest {
    @ParameterizedTest
    @DisplayName("logits, losses and all gradients, within the bounds of the CPU backend")
    @ValueSource(strings = {"model/gqa_padvocab", "model/mha_L", "model/mqa_SSSL", "model_original/gqa"})
    void replayedIsGolden(String name) throws IOException {
        try (Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            ModelGoldenTest.replayedIsGolden(engine, name);
        }
    }

    @ParameterizedTest
    @DisplayName("the same in BF16")
    @ValueSource(strings = {"model/mha_L_bf16", "model/mqa_SSSL_bf16"})
    void replayedIsGoldenBf16(String name) throws IOException {
        try (Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            Bf16GoldenTest.replayedIsGolden(engine, name);
        }
    }

    @Test
    @DisplayName("the same on a GPU that converts BF16 itself, with products by tensor cores")
    void tensorCoresAreGolden() throws IOException {
        try (Simulator _ = Simulator.of(SimulatedDevice.CUDA);
                Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            Bf16GoldenTest.replayedIsGoldenRounded(engine, "model/mqa_SSSL_bf16");
            assertTrue(kernel(engine, "SoftcapCrossEntropy").contains("by tensor cores"), engine.kernels()::toString);
            assertTrue(kernel(engine, "CausalAttentionGrad").startsWith("tiles"), engine.kernels()::toString);
        }
    }

    @Test
    @DisplayName("the same with products by the library")
    void libraryIsGolden() throws IOException {
        FakeCublas library = new FakeCublas();
        try (Simulator _ = Simulator.of(SimulatedDevice.CUDA).with(library.provider());
                Engine engine = Engine.open(TestLibraryBackend.NAME, BackendOptions.DEFAULT)) {
            Bf16GoldenTest.replayedIsGoldenRounded(engine, "model/mqa_SSSL_bf16");
            assertTrue(kernel(engine, "SoftcapCrossEntropy").contains("by cuBLAS"), engine.kernels()::toString);
        }
    }

    /** What computes an op over BF16, as reports say it. */
    private static String kernel(Engine engine, String op) {
        return String.valueOf(engine.kernels().get(op + " BF16"));
    }
}
