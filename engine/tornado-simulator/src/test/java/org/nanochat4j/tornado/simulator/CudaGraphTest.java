package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Launches captured as CUDA graphs: what they do, and the ways to get them wrong. */
class CudaGraphTest {
    private static final int N = 64;

    private final FloatArray x = Run.count(N);
    private final FloatArray y = new FloatArray(N);
    private final Simulator simulator = Simulator.of(SimulatedDevice.CUDA);

    @AfterEach
    void close() {
        simulator.close();
    }

    private TornadoExecutionPlan sum() {
        return new TornadoExecutionPlan(new TaskGraph("g")
                .transferToDevice(EVERY_EXECUTION, x)
                .task("t", TestKernels::addLoop, x, y, 1f)
                .transferToHost(EVERY_EXECUTION, y)
                .snapshot());
    }

    @Test
    @DisplayName("captured once, launched at every execution, with the transfers of that moment")
    void replays() throws Exception {
        try (TornadoExecutionPlan plan = sum()) {
            plan.withCUDAGraph().execute();
            x.set(3, 100);
            plan.execute();
        }
        assertEquals(101, y.get(3));
        assertEquals(1, Simulator.counters().captures());
        assertEquals(2, Simulator.counters().replays());
        assertEquals(0, Simulator.counters().launches());
    }

    @Test
    @DisplayName("broken: asked for when the graph is compiled, where it has no effect on a device")
    void tooLate() throws Exception {
        try (TornadoExecutionPlan plan = sum()) {
            plan.execute();
            String message = Run.message(SimulatorException.class, plan::withCUDAGraph);
            assertTrue(message.contains("'g' is compiled"), message);
        }
    }

    @Test
    @DisplayName("broken: on a driver that has none")
    void anotherDriver() throws Exception {
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL);
                TornadoExecutionPlan plan = sum()) {
            plan.withCUDAGraph();
            String message = Run.message(TornadoBailoutRuntimeException.class, plan::execute);
            assertTrue(message.contains("execution graphs"), message);
        }
    }

    private ImmutableTaskGraph producer(String name) {
        return new TaskGraph(name)
                .transferToDevice(EVERY_EXECUTION, y)
                .task("t", TestKernels::addLoop, y, x, 1f)
                .persistOnDevice(x)
                .snapshot();
    }

    @Test
    @DisplayName("broken: an array's buffer is another than the one that was captured")
    void movedBuffer() throws Exception {
        TaskGraph reader = new TaskGraph("reader")
                .consumeFromDevice(x)
                .task("t", TestKernels::addLoop, x, y, 1f)
                .transferToHost(EVERY_EXECUTION, y);
        try (TornadoExecutionPlan plan =
                new TornadoExecutionPlan(producer("first"), producer("second"), reader.snapshot())) {
            plan.withGraph(2).withCUDAGraph();
            plan.withGraph(0).execute();
            plan.withGraph(2).execute();
            plan.withGraph(1).execute();
            plan.withGraph(2);
            String message = Run.message(SimulatorException.class, plan::execute);
            assertTrue(message.contains("'reader' was captured"), message);
        }
    }
}
