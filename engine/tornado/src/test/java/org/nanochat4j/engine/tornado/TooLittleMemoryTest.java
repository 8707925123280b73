package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** A device that a plan does not fit: an error that says so, and an engine that still works. */
class TooLittleMemoryTest {
    private static final int DEVICE_BYTES = 256 << 10;

    private static Program doubled(int elements) {
        Recorder recorder = new Recorder("doubled");
        Variable in = new Variable("in", TensorType.f32(elements), Variable.Role.PARAMETER);
        Variable out = new Variable("out", TensorType.f32(elements), Variable.Role.PARAMETER);
        recorder.assign(out, recorder.use(in).add(recorder.use(in)));
        return recorder.finish();
    }

    @Test
    @DisplayName("the plan tells before anything is allocated, and a smaller one runs afterwards")
    void planned() {
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL.withMemory(DEVICE_BYTES));
                Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            assertEquals(DEVICE_BYTES, engine.device().memoryBytes());
            MemoryPlan large = engine.plan(List.of(doubled(64 << 10)));
            EngineException.OutOfMemory refused = assertThrows(
                    EngineException.OutOfMemory.class,
                    () -> large.requireFits(engine.device().memoryBytes(), "use a smaller batch"));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains("256.0 KiB are available"), message);
            assertTrue(message.contains("remedy: use a smaller batch"), message);
            compile(engine, doubled(1 << 10)).run();
        }
    }

    @Test
    @DisplayName("what no array of the device holds is refused by name when it is compiled")
    void compiled() {
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL.withMemory(DEVICE_BYTES));
                Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            EngineException.OutOfMemory refused = assertThrows(
                    EngineException.OutOfMemory.class,
                    () -> compile(engine, doubled(64 << 10)).run());
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains("remedy: "), message);
            compile(engine, doubled(1 << 10)).run();
        }
    }

    @Test
    @DisplayName("what earlier programs took is not there any more, and the message says how much that is")
    void taken() {
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL.withMemory(DEVICE_BYTES));
                Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            compile(engine, doubled(10 << 10)).run();
            long taken = engine.deviceBytes();
            assertTrue(taken > DEVICE_BYTES / 2 && taken < DEVICE_BYTES, taken + " bytes taken");
            EngineException.OutOfMemory refused =
                    assertThrows(EngineException.OutOfMemory.class, () -> compile(engine, doubled(10 << 10)));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains(MemoryPlan.human(taken) + " of 256.0 KiB are taken"), message);
            assertTrue(message.contains("remedy: "), message);
            assertEquals(taken, engine.deviceBytes());
            compile(engine, doubled(1 << 10)).run();
        }
    }

    @ParameterizedTest
    @CsvSource({"8GB, 8589934592", "500MB, 524288000", "64KB, 65536", "4096, 4096"})
    void sizesAreThoseOfTornadoVm(String text, long bytes) {
        assertEquals(bytes, Capabilities.size(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"8G", "GB", "lots", "-8GB", "1.5GB", "8 GB", "100B", ""})
    void whatIsNoSizeIsRefusedByName(String text) {
        EngineException.NoBackend refused =
                assertThrows(EngineException.NoBackend.class, () -> Capabilities.size(text));
        String message = String.valueOf(refused.getMessage());
        assertTrue(message.contains(text) && message.contains("NANOCHAT_DEVICE_MEMORY"), message);
        assertTrue(message.contains("for example 8GB"), message);
    }

    private static Executable compile(Engine engine, Program program) {
        return engine.compile(engine.plan(List.of(program))).getFirst();
    }
}
