package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.exceptions.TornadoDeviceMMANotSupported;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** What warps do together: tensor-core products, exchanged values, copies that arrive later. */
class TensorCoreTest {
    private static final int M = 16;
    private static final int N = 8;
    private static final int K = 32;
    private static final int STEP = 16;
    private static final int WARP = 32;

    private final KernelContext context = new KernelContext();

    /** C (16, 8) = A (16, K) B (K, 8), BF16 factors, one warp. */
    static void multiply(KernelContext context, ShortArray a, ShortArray b, FloatArray c) {
        int lane = context.localIdx;
        int[] aTile = context.allocateIntLocalArray(M * STEP / 2);
        int[] bTile = context.allocateIntLocalArray(STEP * N / 2);
        float[] sums = context.mmaFragment(0f);
        for (int k = 0; k < K; k += STEP) {
            for (int i = lane; i < M * STEP / 2; i += WARP) {
                int at = i / (STEP / 2) * K + k + i % (STEP / 2) * 2;
                aTile[i] = a.get(at) & 0xffff | a.get(at + 1) << 16;
            }
            for (int i = lane; i < STEP * N / 2; i += WARP) {
                int at = k * N + 2 * i;
                bTile[i] = b.get(at) & 0xffff | b.get(at + 1) << 16;
            }
            context.localBarrier();
            HalfFloat[] aPart = context.mmaLoadA(aTile, STEP);
            HalfFloat[] bPart = context.mmaLoadB(bTile, STEP);
            sums = context.mmaBF16(aPart, bPart, sums, MMAShape.M16N8K16);
            context.localBarrier();
        }
        context.mmaStore(sums, c, 0, 0, N);
    }

    /** Each warp's sum, and each item's neighbour. */
    static void exchange(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        float sum = context.simdSum(x.get(i));
        float next = context.simdShuffleDown(x.get(i), 1);
        float first = context.simdBroadcastFirst(x.get(i));
        y.set(3 * i, sum);
        y.set(3 * i + 1, next);
        y.set(3 * i + 2, first);
    }

    /** Half of the warp does not take part. */
    static void halfOfTheWarp(KernelContext context, FloatArray y) {
        float sum = 0f;
        if (context.localIdx < WARP / 2) {
            sum = context.simdSum(1f);
        }
        y.set(context.globalIdx, sum);
    }

    /** Copies two numbers and looks at them too early, or after waiting. */
    static void copy(KernelContext context, HalfFloatArray x, FloatArray y, int wait) {
        int i = context.localIdx;
        int[] tile = context.allocateIntLocalArray(WARP);
        tile[i] = 0;
        context.asyncCopyToLocal(tile, i, x, 2 * i);
        context.asyncCopyCommit();
        if (wait > 0) {
            context.asyncCopyWaitGroup(0);
        }
        y.set(i, tile[i] & 0xffff);
    }

    @Test
    void multipliesTiles() throws Exception {
        ShortArray a = new ShortArray(M * K);
        ShortArray b = new ShortArray(K * N);
        FloatArray c = new FloatArray(M * N);
        for (int i = 0; i < M * K; i++) {
            a.set(i, bf16(i % 7 - 3));
        }
        for (int i = 0; i < K * N; i++) {
            b.set(i, bf16(i % 5 - 1.5f));
        }
        run(
                WARP,
                new TaskGraph("g")
                        .transferToDevice(EVERY_EXECUTION, a, b)
                        .task("t", TensorCoreTest::multiply, context, a, b, c)
                        .transferToHost(EVERY_EXECUTION, c));
        for (int m = 0; m < M; m++) {
            for (int n = 0; n < N; n++) {
                float sum = 0;
                for (int k = 0; k < K; k++) {
                    sum += ((m * K + k) % 7 - 3) * ((k * N + n) % 5 - 1.5f);
                }
                assertEquals(sum, c.get(m * N + n), m + ", " + n);
            }
        }
    }

    @Test
    void lanesExchangeValues() throws Exception {
        FloatArray x = Run.count(2 * WARP);
        FloatArray y = new FloatArray(6 * WARP);
        run(
                2 * WARP,
                new TaskGraph("g")
                        .transferToDevice(EVERY_EXECUTION, x)
                        .task("t", TensorCoreTest::exchange, context, x, y)
                        .transferToHost(EVERY_EXECUTION, y));
        int item = WARP + 5;
        assertEquals(WARP * (WARP + 2 * WARP - 1) / 2f, y.get(3 * item));
        assertEquals(item + 1, y.get(3 * item + 1));
        assertEquals(WARP, y.get(3 * item + 2));
        assertEquals(2 * WARP - 1, y.get(3 * (2 * WARP - 1) + 1), "the last lane keeps its own");
    }

    @Test
    @DisplayName("broken: half of a warp is missing")
    void divergentWarp() {
        FloatArray y = new FloatArray(WARP);
        String message = Run.message(
                SimulatorException.class,
                () -> run(WARP, new TaskGraph("g").task("t", TensorCoreTest::halfOfTheWarp, context, y)));
        assertTrue(message.contains("16 of a group's 32 work-items ended while the others wait"), message);
    }

    @Test
    @DisplayName("broken: a copy is not waited for")
    void copiesArriveAfterWaiting() throws Exception {
        HalfFloatArray x = new HalfFloatArray(2 * WARP);
        x.init(new HalfFloat(1f));
        FloatArray y = new FloatArray(WARP);
        for (int wait = 0; wait < 2; wait++) {
            run(
                    WARP,
                    new TaskGraph("g")
                            .transferToDevice(EVERY_EXECUTION, x)
                            .task("t", TensorCoreTest::copy, context, x, y, wait)
                            .transferToHost(EVERY_EXECUTION, y));
            assertEquals(wait * 0x3c00, y.get(9));
        }
    }

    @Test
    void processorsHaveNoTensorCores() {
        FloatArray y = new FloatArray(6 * WARP);
        FloatArray x = Run.count(2 * WARP);
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL)) {
            assertThrows(
                    TornadoDeviceMMANotSupported.class,
                    () -> Run.once(2 * WARP, graph -> graph.task("t", TensorCoreTest::exchange, context, x, y)));
        }
    }

    private static short bf16(float value) {
        return (short) (Float.floatToRawIntBits(value) >> Short.SIZE);
    }

    private static void run(int items, TaskGraph graph) throws Exception {
        WorkerGrid1D grid = new WorkerGrid1D(items);
        grid.setLocalWork(items, 1, 1);
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA);
                TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("g.t", grid)).execute();
        }
    }
}
