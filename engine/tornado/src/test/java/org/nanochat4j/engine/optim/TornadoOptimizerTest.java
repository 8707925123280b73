package org.nanochat4j.engine.optim;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.testbed.Host;
import org.nanochat4j.engine.tornado.TestBackend;

/** The reference's optimizer steps as TornadoVM tasks, within the bounds of the CPU backend. */
class TornadoOptimizerTest {
    @Test
    @DisplayName("parameters after one, two and five steps, and all optimizer state")
    void fiveSteps() {
        try (Host host = host()) {
            OptimizerGoldenTest.fiveSteps(host);
        }
    }

    @Test
    @DisplayName("the same with matrices orthogonalised in BF16, and embeddings stored in BF16")
    void fiveStepsBf16() {
        try (Host host = host()) {
            OptimizerGoldenTest.fiveStepsBf16(host);
        }
    }

    private static Host host() {
        return Host.of(Engine.open(TestBackend.NAME, BackendOptions.DEFAULT), true);
    }
}
