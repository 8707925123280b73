package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A product with another kernel over its result: allocates nothing, and writes what it should alone. */
class EpilogueTest {
    private static final int M = 100;
    private static final int N = 9 * Memory.LANES;
    private static final int K = 400;

    @Test
    @DisplayName("nothing is allocated and nothing is written beside the results")
    void allocation() {
        GemmShape shape = GemmShape.of(M, N, K, false, true);
        try (Parallel pool = new Parallel(1, Products.of(true));
                Buffers buffers = new Buffers(1)) {
            long a = buffers.normal((long) M * K, 1);
            long b = buffers.normal((long) N * K, 1);
            long x = buffers.normal((long) M * N, 1);
            long c = buffers.empty((long) M * N);
            long y = buffers.empty((long) M * N);
            long scratch = buffers.scratch(Gemm.scratchBytes(shape, 1));
            Gemm gemm = new Gemm(pool, scratch, shape, false, a, b, c);
            Kernel sum = Pointwise.add(pool, (long) M * N, x, c, y);
            gemm.run();
            sum.run();
            float[] product = Buffers.floats(c, M * N);
            float[] expected = Buffers.floats(y, M * N);
            Memory.zero(c, 4L * M * N);
            Memory.zero(y, 4L * M * N);
            Kernel fused = gemm.then((RangeKernel) sum);
            fused.run();
            assertArrayEquals(product, Buffers.floats(c, M * N));
            assertArrayEquals(expected, Buffers.floats(y, M * N));
            Buffers.assertAllocatesNothing(fused, 50);
            buffers.checkGuards();
        }
    }

    @Test
    @DisplayName("refused where C is no range of whole vectors")
    void refused() {
        try (Parallel pool = new Parallel(1)) {
            GemmShape apart = new GemmShape(1, M, N, K, false, false, K, N, N + Memory.LANES, 0, 0, 0);
            GemmShape narrow = GemmShape.of(M, N + 1, K, false, false);
            RangeKernel next = (RangeKernel) Pointwise.reluSquared(pool, 1, 0, 0);
            for (GemmShape shape : new GemmShape[] {apart, narrow}) {
                Gemm gemm = new Gemm(pool, 0, shape, false, 0, 0, 0);
                assertFalse(gemm.takesEpilogue());
                assertThrows(IllegalArgumentException.class, () -> gemm.then(next));
            }
        }
    }
}
