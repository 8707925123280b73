package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.cublas.CuBlas;

/** Products by the library, against sums written out. */
class LibrariesTest {
    private static final int M = 3;
    private static final int N = 4;
    private static final int K = 5;

    private final FloatArray a = Run.count(M * K);
    private final FloatArray b = Run.count(K * N);
    private final FloatArray c = Run.count(M * N);

    /** Row-major C = A B is the column-major call with the factors exchanged. */
    @Test
    void rowMajorProduct() {
        float before = c.get(1 * N + 2);
        onCuda(graph -> graph.transferToDevice(EVERY_EXECUTION, a, b, c)
                .libraryTask("t", CuBlas::cublasSgemm, 0, 0, N, M, K, 2f, b, N, a, K, 1f, c, N)
                .transferToHost(EVERY_EXECUTION, c));
        float sum = 0;
        for (int k = 0; k < K; k++) {
            sum += (1 * K + k) * (k * N + 2);
        }
        assertEquals(before + 2 * sum, c.get(1 * N + 2));
    }

    /** What items of a kernel wrote, the library may read: tasks follow each other. */
    @Test
    void worksOnWhatAKernelWrote() {
        FloatArray x = new FloatArray(TestKernels.GROUP);
        FloatArray square = new FloatArray(TestKernels.GROUP);
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA)) {
            Run.once(
                    TestKernels.GROUP,
                    graph -> graph.task("t", TestKernels::fill, new KernelContext(), x, 3f)
                            .libraryTask("square", CuBlas::cublasSgemm, 0, 0, 8, 8, 8, 1f, x, 8, x, 8, 0f, square, 8)
                            .transferToHost(EVERY_EXECUTION, square));
        }
        assertEquals(72, square.get(63));
    }

    @Test
    void transposedBatch() {
        FloatArray both = Run.count(2 * M * K);
        FloatArray squares = new FloatArray(2 * M * M);
        // Row-major X (M, K): X Xᵀ, twice.
        onCuda(graph -> graph.transferToDevice(EVERY_EXECUTION, both)
                .libraryTask(
                        "t",
                        CuBlas::cublasSgemmStridedBatched,
                        1,
                        0,
                        M,
                        M,
                        K,
                        1f,
                        both,
                        K,
                        (long) M * K,
                        both,
                        K,
                        (long) M * K,
                        0f,
                        squares,
                        M,
                        (long) M * M,
                        2)
                .transferToHost(EVERY_EXECUTION, squares));
        float sum = 0;
        for (int k = 0; k < K; k++) {
            sum += (M * K + k) * (M * K + 2 * K + k);
        }
        assertEquals(sum, squares.get(M * M + 2));
    }

    @Test
    void bf16RoundsToEven() {
        BFloat16Array x = BFloat16Array.fromFloats(1f);
        BFloat16Array y = BFloat16Array.fromFloats(1f + 0x1p-7f);
        BFloat16Array z = new BFloat16Array(1);
        // 0.5 (1 + 2⁻⁷) + 0.5 is 1 + 2⁻⁸, half way between two BF16 numbers.
        z.setFloat(0, 1f);
        onCuda(graph -> graph.transferToDevice(EVERY_EXECUTION, x, y, z)
                .libraryTask("t", CuBlas::cublasGemmExBF16, 0, 0, 1, 1, 1, 0.5f, x, 1, y, 1, 0.5f, z, 1)
                .transferToHost(EVERY_EXECUTION, z));
        assertEquals(1f, z.getFloat(0));
    }

    @Test
    void onlyCudaHasTheLibrary() {
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL)) {
            assertThrows(
                    TornadoRuntimeException.class,
                    () -> Run.once(
                            1,
                            graph -> graph.libraryTask(
                                    "t", CuBlas::cublasSgemm, 0, 0, N, M, K, 2f, b, N, a, K, 1f, c, N)));
        }
    }

    private static void onCuda(UnaryOperator<TaskGraph> tasks) {
        try (Simulator _ = Simulator.of(SimulatedDevice.CUDA)) {
            Run.once(TestKernels.GROUP, tasks);
        }
    }
}
