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
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;

/** TornadoVM's kernels against the naive twins in double precision, on random shapes, each op as a program, over F32 and over BF16. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TornadoTwinTest {
    private static final int SHAPES = 3;

    /** Fewer: the kernels are those for F32, or differ in how they read and write. */
    private static final int BF16_SHAPES = 1;

    private Engine engine;

    @BeforeAll
    void open() {
        engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT);
    }

    @AfterAll
    void close() {
        engine.close();
    }

    /** All ops over F32, and over weights of fewer bytes, that have kernels here. */
    static Stream<OpCatalogue.Entry> f32() {
        return OpCatalogue.entries().stream().filter(TornadoTwinTest::hasKernel);
    }

    /** All ops over BF16 that have kernels here. */
    static Stream<OpCatalogue.Entry> bf16() {
        return Bf16Samples.entries().filter(TornadoTwinTest::hasKernel);
    }

    /** From which result on a device that multiplies BF16 rounds a factor within the op: the gradients of the loss. */
    static int firstProduct(OpCatalogue.Entry entry) {
        return entry.op() == SoftcapCrossEntropy.class && entry.variant().endsWith("BF16") ? 2 : Integer.MAX_VALUE;
    }

    private static boolean hasKernel(OpCatalogue.Entry entry) {
        return entry.op() != CustomOp.class && !hasIntegers(entry);
    }

    @TestFactory
    @DisplayName("kernel = naive twin within the op's tolerance")
    Stream<DynamicTest> twins() {
        return f32().map(entry -> twin(entry, SHAPES));
    }

    @TestFactory
    @DisplayName("over BF16 each result is rounded once, from F32")
    Stream<DynamicTest> bf16Twins() {
        return bf16().map(entry -> twin(entry, BF16_SHAPES));
    }

    private DynamicTest twin(OpCatalogue.Entry entry, int shapes) {
        return DynamicTest.dynamicTest(entry.name(), () -> {
            for (Sample sample : entry.samples(shapes, false)) {
                Twins.compare(entry.name(), sample, Runs.replay(engine, sample, Runs.Operands.VARIABLES));
            }
            for (Sample sample : entry.samples(shapes, true)) {
                Twins.compare(entry.name(), sample, Runs.replay(engine, sample, Runs.Operands.TEMPORARIES));
            }
        });
    }

    private static boolean hasIntegers(OpCatalogue.Entry entry) {
        return entry.variant().startsWith("I8" + ProductSamples.NARROW);
    }

    @TestFactory
    @DisplayName("products with integers of a byte are refused, and it says what to do")
    Stream<DynamicTest> refusesIntegers() {
        List<OpCatalogue.Entry> entries = OpCatalogue.entries().stream()
                .filter(TornadoTwinTest::hasIntegers)
                .toList();
        assertEquals(2, entries.size());
        return entries.stream()
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    Sample sample = entry.samples(1, true).getFirst();
                    EngineException.BadProgram refused = assertThrows(
                            EngineException.BadProgram.class,
                            () -> Runs.replay(engine, sample, Runs.Operands.VARIABLES));
                    String message = String.valueOf(refused.getMessage());
                    assertTrue(
                            message.contains("use weights of F32 or BF16, or the CPU backend (--backend cpu)"),
                            message);
                }));
    }
}
