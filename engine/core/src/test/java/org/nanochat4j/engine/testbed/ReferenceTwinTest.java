package org.nanochat4j.engine.testbed;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Kernels of the CPU backend against the naive twins in double precision, on random shapes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReferenceTwinTest {
    private static final int SHAPES = 8;

    private Engine engine;

    @BeforeAll
    void open() {
        engine = Engine.open("cpu", new BackendOptions(2));
    }

    @AfterAll
    void close() {
        engine.close();
    }

    @TestFactory
    @DisplayName("kernel = naive twin within the op's tolerance")
    Stream<DynamicTest> twins() {
        return OpCatalogue.entries().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (Sample sample : entry.samples(SHAPES, false)) {
                        compare(entry.name(), sample);
                    }
                    for (Sample sample : entry.samples(SHAPES, true)) {
                        compare(entry.name(), sample);
                    }
                }));
    }

    private void compare(String name, Sample sample) {
        Twins.compare(name, sample, Runs.eager(engine, sample, Runs.Operands.VARIABLES));
    }
}
