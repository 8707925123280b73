package org.nanochat4j.model;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;

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
}
