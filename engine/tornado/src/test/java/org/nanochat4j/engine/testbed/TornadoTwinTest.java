package org.nanochat4j.engine.testbed;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;

/** TornadoVM's kernels against the naive twins in double precision, on random shapes, each op as a program. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TornadoTwinTest {
    private static final int SHAPES = 3;

    private Engine engine;

    @BeforeAll
    void open() {
        engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT);
    }

    @AfterAll
    void close() {
        engine.close();
    }

    @TestFactory
    @DisplayName("kernel = naive twin within the op's tolerance")
    Stream<DynamicTest> twins() {
        return OpCatalogue.entries().stream()
                .filter(entry -> entry.op() != CustomOp.class)
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (Sample sample : entry.samples(SHAPES, false)) {
                        Twins.compare(entry.name(), sample, Runs.replay(engine, sample, Runs.Operands.VARIABLES));
                    }
                    for (Sample sample : entry.samples(SHAPES, true)) {
                        Twins.compare(entry.name(), sample, Runs.replay(engine, sample, Runs.Operands.TEMPORARIES));
                    }
                }));
    }
}
