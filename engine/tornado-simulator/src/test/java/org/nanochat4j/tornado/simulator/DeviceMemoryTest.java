package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.FIRST_EXECUTION;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.UNDER_DEMAND;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** What is where: transfers, garbage, persisting and consuming. */
class DeviceMemoryTest {
    private static final int N = 64;

    private final FloatArray x = Run.count(N);
    private final FloatArray y = new FloatArray(N);
    private final FloatArray z = new FloatArray(N);
    private final KernelContext context = new KernelContext();
    private Simulator simulator = Simulator.of(SimulatedDevice.OPENCL);

    @BeforeEach
    void open() {
        simulator.close();
        simulator = Simulator.of(SimulatedDevice.OPENCL);
    }

    @AfterEach
    void close() {
        simulator.close();
    }

    @Test
    @DisplayName("broken: an array was not transferred")
    void missingTransfer() {
        Run.once(
                N, graph -> graph.task("t", TestKernels::add, context, x, y, 1f).transferToHost(EVERY_EXECUTION, y));
        assertTrue(Float.isNaN(y.get(5)), "garbage shows as NaN");
    }

    @Test
    @DisplayName("broken: a fresh array is read; the checking mode says where")
    void freshArray() {
        try (Simulator _ = Simulator.checking(SimulatedDevice.OPENCL)) {
            String message = Run.message(
                    SimulatorException.class,
                    () -> Run.once(N, graph -> graph.task("t", TestKernels::add, context, x, y, 1f)));
            assertTrue(
                    message.contains("reads element 0 of argument 2 (FloatArray), which nobody has written"), message);
        }
    }

    @Test
    void transfersAtTheFirstOrAtEveryExecution() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(FIRST_EXECUTION, x)
                .task("once", TestKernels::addLoop, x, y, 1f)
                .transferToDevice(EVERY_EXECUTION, z)
                .task("always", TestKernels::addLoop, z, z, 1f)
                .transferToHost(EVERY_EXECUTION, y, z);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.execute();
            x.set(3, 100);
            z.set(3, 100);
            plan.execute();
        }
        assertEquals(4, y.get(3), "x went once, with the value 3");
        assertEquals(101, z.get(3));
    }

    @Test
    void replayingCopiesAndCompilesNoMoreThanItSays() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(FIRST_EXECUTION, x)
                .transferToDevice(EVERY_EXECUTION, z)
                .task("a", TestKernels::addLoop, x, y, 1f)
                .task("b", TestKernels::addLoop, z, z, 1f)
                .transferToHost(EVERY_EXECUTION, z);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.execute();
            Counters first = Simulator.counters();
            assertEquals(new Counters(2, 2, 2, 2 * N * 4, 1, N * 4, 0, 0), first);
            for (int i = 0; i < 10; i++) {
                plan.execute();
            }
            assertEquals(
                    new Counters(0, 20, 10, 10 * N * 4, 10, 10 * N * 4, 0, 0),
                    Simulator.counters().since(first));
        }
    }

    @Test
    void underDemandCopiesPartsWhenAsked() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(FIRST_EXECUTION, x)
                .task("a", TestKernels::addLoop, x, y, 1f)
                .transferToHost(UNDER_DEMAND, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            var result = plan.execute();
            assertEquals(0, y.get(10));
            result.transferToHost(new DataRange(y).withOffset(10).withSize(2));
            assertEquals(0, y.get(9));
            assertEquals(11, y.get(10));
            assertEquals(12, y.get(11));
            assertEquals(0, y.get(12));
            assertThrows(
                    TornadoRuntimeException.class,
                    () -> result.transferToHost(new DataRange(y).withOffset(60).withSize(5)));
            result.transferToHost(y);
            assertEquals(64, y.get(63));
        }
    }

    @Test
    void graphsHaveMemoryOfTheirOwnUnlessTheyConsume() throws Exception {
        GridScheduler grids = new GridScheduler();
        grids.addWorkerGrid("a.t", Run.grid(N));
        TaskGraph a =
                new TaskGraph("a").task("t", TestKernels::fill, context, x, 7f).persistOnDevice(x);
        TaskGraph b = new TaskGraph("b")
                .consumeFromDevice("a", x)
                .task("t", TestKernels::addLoop, x, x, 1f)
                .persistOnDevice(x)
                .transferToHost(EVERY_EXECUTION, x);
        TaskGraph c =
                new TaskGraph("c").task("t", TestKernels::addLoop, x, y, 1f).transferToHost(EVERY_EXECUTION, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(a.snapshot(), b.snapshot(), c.snapshot())) {
            plan.withGridScheduler(grids);
            plan.withGraph(0).execute();
            plan.withGraph(1).execute();
            plan.withGraph(1).execute();
            plan.withGraph(2).execute();
        }
        assertEquals(9, x.get(0), "7, and 1 in place at each execution");
        assertTrue(Float.isNaN(y.get(0)), "c did not consume x");
    }

    @Test
    @DisplayName("broken: the graph executed last did not pass the array on")
    void consumeFromAnEarlierGraph() throws Exception {
        GridScheduler grids = new GridScheduler();
        grids.addWorkerGrid("a.t", Run.grid(N));
        TaskGraph a =
                new TaskGraph("a").task("t", TestKernels::fill, context, x, 7f).persistOnDevice(x);
        TaskGraph between =
                new TaskGraph("between").transferToDevice(FIRST_EXECUTION, z).task("t", TestKernels::addLoop, z, y, 1f);
        TaskGraph b = new TaskGraph("b").consumeFromDevice("a", x).task("t", TestKernels::addLoop, x, y, 1f);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(a.snapshot(), between.snapshot(), b.snapshot())) {
            plan.withGridScheduler(grids);
            plan.withGraph(0).execute();
            plan.withGraph(1).execute();
            String message = Run.message(
                    SimulatorException.class, () -> plan.withGraph(2).execute());
            assertTrue(message.contains("graph 'between', which was executed last, has not left it"), message);
        }
    }

    @Test
    @DisplayName("broken: producer and consumer in one execution of the whole plan")
    void consumeWithinOneExecution() throws Exception {
        GridScheduler grids = new GridScheduler();
        grids.addWorkerGrid("a.t", Run.grid(N));
        TaskGraph a =
                new TaskGraph("a").task("t", TestKernels::fill, context, x, 7f).persistOnDevice(x);
        TaskGraph b = new TaskGraph("b").consumeFromDevice("a", x).task("t", TestKernels::addLoop, x, y, 1f);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(a.snapshot(), b.snapshot())) {
            plan.withGridScheduler(grids);
            String message = Run.message(SimulatorException.class, plan::execute);
            assertTrue(message.contains("nothing was executed before"), message);
        }
    }

    @Test
    void scalarsAreFrozenWhenTheGraphIsBuilt() throws Exception {
        float[] rate = {1};
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(FIRST_EXECUTION, x)
                .task("t", TestKernels::addLoop, x, y, rate[0])
                .transferToHost(EVERY_EXECUTION, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.execute();
            rate[0] = 100;
            plan.execute();
        }
        assertEquals(1, y.get(0));
    }

    @Test
    void deviceMemoryEnds() {
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL.withMemory(300))) {
            String message = Run.message(
                    TornadoOutOfMemoryException.class,
                    () -> Run.once(N, graph -> graph.task("t", TestKernels::add, context, x, y, 1f)));
            assertEquals("the device has 300 bytes, 272 are taken and 272 more are needed", message);
        }
    }

    @Test
    void shallowArraysShareTheirMemoryWithTheSegment() {
        FloatArray view = FloatArray.fromSegmentShallow(x.getSegmentWithHeader());
        view.set(2, 50);
        assertEquals(50, x.get(2));
        assertEquals(N, view.getSize());
        x.slice(2, 4).set(0, 60);
        assertEquals(50, x.get(2), "a slice is a copy");
    }
}
