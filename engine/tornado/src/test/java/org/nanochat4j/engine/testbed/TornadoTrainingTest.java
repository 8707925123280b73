package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;
import org.nanochat4j.engine.tornado.TestLibraryBackend;
import org.nanochat4j.engine.tornado.cublas.FakeCublas;
import org.nanochat4j.tornado.simulator.Counters;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** Training steps of a whole network as task graphs on simulated devices, beside those of the CPU backend. */
class TornadoTrainingTest {
    private static final int STEPS = 10;

    /** Of the loss before anything was updated: only the order of sums differs. */
    private static final double FIRST_BOUND = 1e-4;

    /**
     * Of losses and of variables after ten steps in BF16: a small multiple of what BF16 itself is away from F32 by then. The CPU rounds no factor within an op, tensor cores and the
     * library do within the loss, and what is rounded otherwise grows with the steps.
     */
    private static final double BF16_LOSS = 5e-3;

    private static final double BF16_VARIABLES = 0.1;

    /** Tokens, targets and learning rates; the weights take 60 KB. */
    private static final long MOST_INPUT_BYTES = 4000;

    /** The losses of all steps, then every changed variable. */
    private record Training(List<Float> losses, Map<String, float[]> changed, Map<String, String> kernels) {
        static Training of(String backend, DType compute, int steps) {
            try (Engine engine = Engine.open(backend, new BackendOptions(2))) {
                TinyTransformer network = new TinyTransformer(compute);
                TornadoReplayTest.write(engine, network);
                Executable step = TornadoReplayTest.compile(engine, network);
                List<Float> losses = new ArrayList<>();
                for (int i = 0; i < steps; i++) {
                    step.run();
                    losses.add(engine.floats(network.loss)[0]);
                }
                Map<String, float[]> changed = new LinkedHashMap<>();
                for (Variable variable : network.changed()) {
                    changed.put(variable.name(), engine.floats(variable));
                }
                return new Training(losses, changed, engine.kernels());
            }
        }

        /** Requires losses to differ by less than a bound, the first by next to nothing, and variables by less than another, relative to their norm. */
        void requireNear(Training expected, double lossBound, double bound) {
            for (int i = 0; i < losses.size(); i++) {
                double most = i == 0 ? FIRST_BOUND : lossBound;
                assertEquals(expected.losses.get(i), losses.get(i), most, "loss of step " + i);
            }
            assertEquals(expected.changed.keySet(), changed.keySet());
            changed.forEach((name, values) -> {
                double difference = difference(Objects.requireNonNull(expected.changed.get(name)), values);
                assertTrue(difference < bound, name + " differs by " + difference);
            });
        }

        private static double difference(float[] want, float[] have) {
            double squares = 0;
            double errors = 0;
            for (int i = 0; i < want.length; i++) {
                squares += (double) want[i] * want[i];
                errors += ((double) want[i] - have[i]) * ((double) want[i] - have[i]);
            }
            return Math.sqrt(errors / (squares + 1e-12));
        }
    }

    private static Training cpu(DType compute, int steps) {
        return Training.of("cpu", compute, steps);
    }

    @Test
    @DisplayName("ten steps by a processor's kernels")
    void processor() {
        Training.of(TestBackend.NAME, DType.F32, STEPS).requireNear(cpu(DType.F32, STEPS), 1e-3, 2e-2);
    }

    @Test
    @DisplayName("the first steps in BF16 by a processor's kernels")
    void processorBf16() {
        int steps = 3;
        Training.of(TestBackend.NAME, DType.BF16, steps).requireNear(cpu(DType.BF16, steps), 1e-3, 1e-2);
    }

    @Test
    @DisplayName("ten steps in BF16 by a GPU's tensor cores")
    void tensorCores() {
        try (Simulator _ = Simulator.of(SimulatedDevice.CUDA)) {
            Training training = Training.of(TestBackend.NAME, DType.BF16, STEPS);
            training.requireNear(cpu(DType.BF16, STEPS), BF16_LOSS, BF16_VARIABLES);
            assertEquals(
                    "matrix product by tensor cores, BF16, sums in F32",
                    training.kernels().get("MatMul BF16"));
        }
    }

    @Test
    @DisplayName("ten steps in BF16 with products by a library")
    void library() {
        FakeCublas library = new FakeCublas();
        try (Simulator _ = Simulator.of(SimulatedDevice.CUDA).with(library.provider())) {
            Training training = Training.of(TestLibraryBackend.NAME, DType.BF16, STEPS);
            training.requireNear(cpu(DType.BF16, STEPS), BF16_LOSS, BF16_VARIABLES);
            assertEquals(
                    "matrix product by cuBLAS, BF16, sums in F32",
                    training.kernels().get("MatMul BF16"));
            assertTrue(library.calls().contains("cublasGemmEx"), "the library was called");
        }
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(names = {"F32", "BF16"})
    @DisplayName("a step by a GPU's kernels with everything checked: races, missing barriers, reads of garbage")
    void checked(DType compute) {
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA)) {
            double bound = compute == DType.F32 ? 1e-3 : BF16_VARIABLES;
            Training.of(TestBackend.NAME, compute, 1).requireNear(cpu(compute, 1), 0, bound);
        }
    }

    @Test
    @DisplayName(
            "ten replayed steps compile nothing and transfer nothing but their inputs, as the device itself counts")
    void replays() {
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL);
                Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            TinyTransformer network = new TinyTransformer();
            TornadoReplayTest.write(engine, network);
            Executable step = TornadoReplayTest.compile(engine, network);
            step.run();
            Counters first = Simulator.counters();
            for (int i = 0; i < STEPS; i++) {
                step.run();
            }
            Counters counted = Simulator.counters().since(first);
            assertEquals(0, counted.compilations());
            assertEquals(0, counted.downloads());
            assertEquals(0, counted.launches() % STEPS, "every step launches the same");
            assertEquals(0, counted.uploads() % STEPS, "every step uploads the same");
            assertTrue(counted.launches() > 100 * STEPS, counted::toString);
            assertTrue(counted.uploadedBytes() < STEPS * MOST_INPUT_BYTES, counted::toString);
        }
    }
}
