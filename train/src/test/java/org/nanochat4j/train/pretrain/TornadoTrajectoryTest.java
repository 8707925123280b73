package org.nanochat4j.train.pretrain;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;

/** The reference's short training run as task graphs: two steps of it on the simulated device, all of it on a real one. */
class TornadoTrajectoryTest {
    /** For a real device; the simulated one takes half a minute for each step. */
    private static final String STEPS = "nanochat.tornado.steps";

    private static final double TOLERANCE = 1e-3;

    @Test
    @DisplayName("losses stay within 1e-3 of the reference's")
    void trajectory() throws IOException {
        try (Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            new TrajectoryTest().follow(engine, 1, Integer.getInteger(STEPS, 2), TOLERANCE);
        }
    }
}
