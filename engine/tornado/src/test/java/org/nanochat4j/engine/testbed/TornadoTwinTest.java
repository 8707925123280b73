package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.op.Assign;
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
                .filter(entry -> entry.op() != CustomOp.class && !hasNarrowWeights(entry))
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (Sample sample : entry.samples(SHAPES, false)) {
                        Twins.compare(entry.name(), sample, Runs.replay(engine, sample, Runs.Operands.VARIABLES));
                    }
                    for (Sample sample : entry.samples(SHAPES, true)) {
                        Twins.compare(entry.name(), sample, Runs.replay(engine, sample, Runs.Operands.TEMPORARIES));
                    }
                }));
    }

    private static boolean hasNarrowWeights(OpCatalogue.Entry entry) {
        return entry.variant().endsWith(ProductSamples.NARROW);
    }

    @TestFactory
    @DisplayName("products with weights of fewer bytes than F32 are refused, and it says what to do")
    Stream<DynamicTest> refusesNarrowWeights() {
        List<OpCatalogue.Entry> entries = OpCatalogue.entries().stream()
                .filter(TornadoTwinTest::hasNarrowWeights)
                .toList();
        assertEquals(4, entries.size());
        return entries.stream().map(this::refuses);
    }

    @TestFactory
    @DisplayName("computing in BF16 is refused, and it says what to do")
    Stream<DynamicTest> refusesBf16() {
        return Bf16Samples.entries()
                .filter(entry -> entry.op() != Assign.class && entry.op() != CustomOp.class)
                .map(this::refuses);
    }

    private DynamicTest refuses(OpCatalogue.Entry entry) {
        return DynamicTest.dynamicTest(entry.name(), () -> {
            Sample sample = entry.samples(1, true).getFirst();
            EngineException.BadProgram refused = assertThrows(
                    EngineException.BadProgram.class, () -> Runs.replay(engine, sample, Runs.Operands.VARIABLES));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains("use weights of F32, or the CPU backend (--backend cpu)"), message);
        });
    }
}
