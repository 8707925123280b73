package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.Progress;

/** Every op gives the same bytes eagerly and replayed, on one thread, two and three, with machine code and without. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EagerReplayTest {
    private static final int SHAPES = 4;
    private static final int MOST_THREADS = 3;

    private List<Engine> engines;

    @BeforeAll
    void open() {
        Stream<BackendOptions> threads = IntStream.rangeClosed(1, MOST_THREADS).mapToObj(BackendOptions::new);
        Stream<BackendOptions> vectorApi = Stream.of(new BackendOptions(1, true, false, true, Progress.NONE));
        engines = Stream.concat(threads, vectorApi)
                .map(options -> Engine.open("cpu", options))
                .toList();
    }

    @AfterAll
    void close() {
        engines.forEach(Engine::close);
    }

    @TestFactory
    @DisplayName("eager = replayed, bit for bit, with any number of threads")
    Stream<DynamicTest> ops() {
        return OpCatalogue.entries().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (Sample sample : entry.samples(SHAPES, false)) {
                        List<byte[]> expected = Runs.eager(engines.getFirst(), sample, Runs.Operands.VARIABLES);
                        for (Engine engine : engines) {
                            String name = entry.name() + " " + sample + ", threads "
                                    + engine.device().threads() + ", "
                                    + engine.device().features();
                            for (Runs.Operands operands : Runs.Operands.values()) {
                                same(expected, Runs.eager(engine, sample, operands), name + ", eager, " + operands);
                                same(expected, Runs.replay(engine, sample, operands), name + ", replay, " + operands);
                            }
                        }
                    }
                }));
    }

    private static void same(List<byte[]> expected, List<byte[]> actual, String name) {
        assertEquals(expected.size(), actual.size(), name);
        for (int result = 0; result < expected.size(); result++) {
            assertArrayEquals(expected.get(result), actual.get(result), name + ", result " + result);
        }
    }
}
