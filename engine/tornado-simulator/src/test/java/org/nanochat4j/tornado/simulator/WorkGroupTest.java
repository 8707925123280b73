package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Work-items, local memory, barriers and atomics, and what is caught when a kernel uses them wrongly. */
class WorkGroupTest {
    private static final int N = 256;

    private final FloatArray x = Run.count(N);
    private final FloatArray y = new FloatArray(N);
    private final KernelContext context = new KernelContext();
    private Simulator simulator = Simulator.checking(SimulatedDevice.OPENCL);

    @BeforeEach
    void open() {
        simulator.close();
        simulator = Simulator.checking(SimulatedDevice.OPENCL);
    }

    @AfterEach
    void close() {
        simulator.close();
    }

    @Test
    void everyItemHasItsOwnContext() throws Exception {
        IntArray ids = new IntArray(4 * 6 * 2 * 9);
        WorkerGrid3D grid = new WorkerGrid3D(4, 6, 2);
        grid.setLocalWork(2, 3, 1);
        TaskGraph graph =
                new TaskGraph("g").task("t", TestKernels::ids, context, ids).transferToHost(EVERY_EXECUTION, ids);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("g.t", grid)).execute();
        }
        int item = (1 * 6 + 4) * 4 + 3; // x = 3, y = 4, z = 1
        int[] expected = {3, 4, 1, 1, 1, 1, 1, 1, 0};
        int[] found = new int[9];
        for (int i = 0; i < 9; i++) {
            found[i] = ids.get(9 * item + i);
        }
        assertArrayEquals(expected, found);
    }

    @Test
    void groupsShareLocalMemory() {
        run(graph -> graph.task("t", TestKernels::reverse, context, x, y));
        assertEquals(63, y.get(0));
        assertEquals(64, y.get(127));
    }

    @Test
    @DisplayName("a local array in a loop is the same array each time, and takes its memory once")
    void localArrayInALoop() {
        int times = 300; // of 256 bytes each, there would be no room for all of them
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA)) {
            run(graph -> graph.task("t", TestKernels::passAround, context, x, y, times));
        }
        assertEquals(times, y.get(0));
        assertEquals(0, y.get(63));
    }

    @Test
    void barriersOrderLocalMemory() {
        FloatArray sums = new FloatArray(N / TestKernels.GROUP);
        Run.once(
                N,
                graph -> graph.transferToDevice(EVERY_EXECUTION, x)
                        .task("t", TestKernels::sum, context, x, sums)
                        .transferToHost(EVERY_EXECUTION, sums));
        assertEquals(63 * 32, sums.get(0));
        assertEquals(63 * 32 + 3 * 64 * 64, sums.get(3));
    }

    @Test
    void globalBarriersOrderDeviceMemoryInAGroup() {
        run(graph -> graph.task("t", TestKernels::passOn, context, x, y));
        assertEquals(1, y.get(0));
        assertEquals(0, y.get(63));
        assertEquals(64, y.get(127));
    }

    @Test
    void intsAddAtomically() {
        IntArray kinds = new IntArray(N);
        for (int i = 0; i < N; i++) {
            kinds.set(i, i % 3);
        }
        IntArray counts = new IntArray(3);
        Run.once(
                N,
                graph -> graph.transferToDevice(EVERY_EXECUTION, kinds, counts)
                        .task("t", TestKernels::count, context, kinds, counts)
                        .transferToHost(EVERY_EXECUTION, counts));
        assertArrayEquals(new int[] {86, 85, 85}, counts.toHeapArray());
    }

    @Test
    void floatsAddAtomicallyOnlyWhereTheDeviceCan() {
        FloatArray sum = new FloatArray(1);
        UnaryOperator<TaskGraph> tasks = graph -> graph.transferToDevice(EVERY_EXECUTION, x, sum)
                .task("t", TestKernels::addUp, context, x, sum)
                .transferToHost(EVERY_EXECUTION, sum);
        caught("adds floats atomically, which OPENCL cannot", () -> Run.once(N, tasks));
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA)) {
            Run.once(N, tasks);
        }
        assertEquals(N * (N - 1) / 2f, sum.get(0));
    }

    @Test
    @DisplayName("broken: what is added to has not been filled")
    void addsToGarbage() {
        FloatArray sum = new FloatArray(1);
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA)) {
            caught(
                    "adds to element 0 of argument 3 (FloatArray), which nobody has written",
                    () -> Run.once(
                            N,
                            graph -> graph.transferToDevice(EVERY_EXECUTION, x)
                                    .task("t", TestKernels::addUp, context, x, sum)
                                    .transferToHost(EVERY_EXECUTION, sum)));
        }
    }

    @Test
    @DisplayName("broken: a barrier is missing")
    void missingBarrier() {
        caught(
                "reverseWithoutBarrier",
                "run in DESCENDING order",
                () -> run(graph -> graph.task("t", BrokenKernels::reverseWithoutBarrier, context, x, y)));
    }

    @Test
    @DisplayName("broken: a local array in a loop is written again before all have read it")
    void missingBarrierBetweenTurns() {
        caught(
                "writeAgainWithoutBarrier",
                "run in DESCENDING order",
                () -> run(graph -> graph.task("t", BrokenKernels::writeAgainWithoutBarrier, context, x, y)));
    }

    @Test
    @DisplayName("broken: half of a group waits at a barrier")
    void barrierInBranch() {
        caught(
                "32 of a group's 64 work-items ended while the others wait",
                () -> run(graph -> graph.task("t", BrokenKernels::barrierInBranch, context, y)));
    }

    @Test
    @DisplayName("broken: two items write one element")
    void writeTogether() {
        caught(
                "element 0 of argument 2 (FloatArray) is written by item 0 of group 0 and by item 1 of group 0",
                () -> run(graph -> graph.task("t", BrokenKernels::writeTogether, context, y)));
    }

    @Test
    @DisplayName("broken: one item reads what another writes")
    void shift() {
        caught(
                "element 1 of argument 2 (FloatArray) is read by item 0 of group 0 and written by item 1",
                () -> Run.once(
                        N,
                        graph -> graph.transferToDevice(EVERY_EXECUTION, y)
                                .task("t", BrokenKernels::shift, context, y)));
    }

    @Test
    @DisplayName("broken: a local barrier stands where device memory needs a global one")
    void localBarrierForDeviceMemory() {
        caught(
                "no globalBarrier() between them",
                () -> run(graph -> graph.task("t", BrokenKernels::passOnLocally, context, x, y)));
    }

    @Test
    @DisplayName("broken: an index beyond the end")
    void beyond() {
        caught(
                "touches element 256 of argument 2 (FloatArray), which has 256",
                () -> run(graph -> graph.task("t", BrokenKernels::beyond, context, x, y)));
    }

    @Test
    @DisplayName("broken: a private array is read before it is set")
    void freshPrivateArray() {
        run(graph -> graph.task("t", BrokenKernels::freshPrivateArray, context, x, y));
        assertTrue(Float.isNaN(y.get(7)), "garbage shows as NaN");
    }

    @Test
    @DisplayName("broken: a local array is read before it is set")
    void freshLocalArray() {
        run(graph -> graph.task("t", BrokenKernels::freshLocalArray, context, x, y));
        assertTrue(Float.isNaN(y.get(7)), "garbage shows as NaN");
    }

    private void run(UnaryOperator<TaskGraph> task) {
        Run.once(
                N,
                graph -> task.apply(graph.transferToDevice(EVERY_EXECUTION, x)).transferToHost(EVERY_EXECUTION, y));
    }

    private static void caught(String what, Runnable broken) {
        caught("kernel", what, broken);
    }

    private static void caught(String kernel, String what, Runnable broken) {
        String message = Run.message(SimulatorException.class, broken::run);
        assertTrue(message.contains(what) && message.contains(kernel) && message.contains("remedy"), message);
    }
}
