package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;
import org.nanochat4j.engine.tornado.TestLibraryBackend;
import org.nanochat4j.engine.tornado.cublas.FakeCublas;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** Matrix products as calls of a library between kernels, on the simulated CUDA device; the library is Java's, called as the real one is. */
class TornadoLibraryTest {
    private static final int SHAPES = 3;

    static final Set<Class<?>> PRODUCTS = Set.of(MatMul.class, Logits.class, SoftcapCrossEntropy.class);

    private final FakeCublas library = new FakeCublas();
    private Simulator simulator = Simulator.of(SimulatedDevice.CUDA);
    private Engine engine = Engine.open(TestLibraryBackend.NAME, BackendOptions.DEFAULT);

    @BeforeEach
    void open() {
        simulator.with(library.provider());
    }

    @AfterEach
    void close() {
        engine.close();
        simulator.close();
    }

    static Stream<OpCatalogue.Entry> products() {
        return Stream.concat(
                        OpCatalogue.entries().stream()
                                .filter(entry -> !entry.variant().endsWith(ProductSamples.NARROW)),
                        TornadoTwinTest.bf16())
                .filter(entry -> PRODUCTS.contains(entry.op()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("products")
    @DisplayName("products by the library = naive twin within the op's tolerance")
    void twins(OpCatalogue.Entry entry) {
        for (Sample sample : entry.samples(SHAPES, false)) {
            compare(entry, sample, Runs.Operands.VARIABLES);
        }
        for (Sample sample : entry.samples(SHAPES, true)) {
            compare(entry, sample, Runs.Operands.TEMPORARIES);
        }
        assertFalse(library.calls().isEmpty(), "the library was called");
    }

    private void compare(OpCatalogue.Entry entry, Sample sample, Runs.Operands operands) {
        List<byte[]> results = Runs.replay(engine, sample, operands);
        Twins.compare(entry.name(), sample, results, TornadoTwinTest.firstProduct(entry));
    }

    /** relu(x w)² w, whose middle goes from the library to a kernel and back. */
    private Executable sandwich(Variable x, Variable w, Variable y) {
        Recorder recorder = new Recorder("sandwich");
        Tensor weight = recorder.use(w);
        Tensor inner = recorder.apply(new MatMul(false, false), List.of(recorder.use(x), weight))
                .getFirst();
        Tensor active = recorder.apply(new ReluSquared(), List.of(inner)).getFirst();
        Tensor outer = recorder.apply(new MatMul(false, false), List.of(active, weight))
                .getFirst();
        recorder.apply(new Assign(), List.of(recorder.use(y), outer));
        return engine.compile(engine.plan(List.of(recorder.finish()))).getFirst();
    }

    @Test
    @DisplayName("library and kernels follow each other in one graph, and a replay compiles nothing")
    void betweenKernels() {
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA).with(library.provider())) {
            runTwice();
        }
    }

    private void runTwice() {
        Variable x = new Variable("x", TensorType.f32(1, 2), Variable.Role.INPUT);
        Variable w = new Variable("w", TensorType.f32(2, 2), Variable.Role.PARAMETER);
        Variable y = new Variable("y", TensorType.f32(1, 2), Variable.Role.OUTPUT);
        engine.write(x, new float[] {1, 2});
        engine.write(w, new float[] {1, -3, 1, 1});
        Executable program = sandwich(x, w, y);
        program.run(); // x w = (3, -1), (9, 0), (9, -27)
        assertEquals(9, engine.floats(y)[0]);
        assertEquals(-27, engine.floats(y)[1]);
        TestBackend.Asked before = TestBackend.asked();
        engine.write(x, new float[] {2, 0});
        program.run(); // (2, -6), (4, 0), (4, -12)
        assertEquals(-12, engine.floats(y)[1]);
        assertEquals(0, TestBackend.asked().minus(before).compiledTasks());
        assertEquals(List.of("cublasGemmEx", "cublasGemmEx", "cublasGemmEx", "cublasGemmEx"), library.calls());
    }

    @Test
    @DisplayName("what computes products is in the report")
    void isReported() {
        Variable x = new Variable("x", TensorType.f32(2, 2), Variable.Role.INPUT);
        Variable y = new Variable("y", TensorType.f32(2, 2), Variable.Role.OUTPUT);
        sandwich(x, x, y);
        assertEquals("matrix product by cuBLAS, F32", engine.kernels().get("MatMul"));
        assertTrue(engine.device().features().contains("matrix products by cuBLAS"), engine.device()::toString);
    }

    @Test
    @DisplayName("an error of the library ends the run with its name, the shapes and a remedy")
    void failingLibrary() {
        Variable x = new Variable("x", TensorType.f32(2, 2), Variable.Role.INPUT);
        Variable y = new Variable("y", TensorType.f32(2, 2), Variable.Role.OUTPUT);
        Executable program = sandwich(x, x, y);
        library.fail("cublasGemmEx", 13);
        EngineException.DeviceFailed failed = assertThrows(EngineException.DeviceFailed.class, program::run);
        String message = String.valueOf(failed.getMessage());
        assertTrue(message.contains("CUBLAS_STATUS_EXECUTION_FAILED"), message);
        assertTrue(message.contains("(2, 2) and (2, 2) in F32"), message);
    }
}
