package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** C = op(A) op(B) against sums in double precision, with guards around every row of C. */
class GemmTest {
    private static final float GUARD = 12345.5f;
    private static final int[] EDGES = {1, 2, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 97
    };

    @Test
    @DisplayName("random shapes 1..130, all transposes, leading dimensions, batches, accumulate")
    void randomShapes() {
        Random random = new Random(1);
        try (Parallel pool = new Parallel(2, Products.of(true))) {
            for (int trial = 0; trial < 600; trial++) {
                boolean edge = trial % 2 == 0;
                int m = edge ? EDGES[random.nextInt(EDGES.length)] : 1 + random.nextInt(130);
                int n = edge ? EDGES[random.nextInt(EDGES.length)] : 1 + random.nextInt(130);
                int k = edge ? EDGES[random.nextInt(EDGES.length)] : 1 + random.nextInt(130);
                check(pool, random, 1 + random.nextInt(3), m, n, k, trial);
            }
        }
    }

    @Test
    @DisplayName("shapes with several tiles and several blocks of k")
    void largeShapes() {
        Random random = new Random(2);
        int[][] shapes = {
            {391, 70, 500},
            {100, 545, 769},
            {800, 40, 385},
            {3, 900, 1000},
            {8, 200, 777},
            {20, 515, 64},
            {1, 1, 2000},
            {1000, 1, 65},
            {260, 257, 1}
        };
        try (Parallel pool = new Parallel(2, Products.of(true))) {
            int trial = 0;
            for (int[] shape : shapes) {
                for (int variant = 0; variant < 8; variant++) {
                    check(pool, random, 1, shape[0], shape[1], shape[2], trial++);
                }
            }
        }
    }

    /** The trial number selects transposes, accumulation and the way to run. */
    private static void check(Parallel pool, Random random, int batch, int m, int n, int k, int trial) {
        boolean transposeA = (trial & 1) != 0;
        boolean transposeB = (trial & 2) != 0;
        boolean accumulate = (trial & 4) != 0;
        int lda = (transposeA ? m : k) + random.nextInt(4);
        int ldb = (transposeB ? k : n) + random.nextInt(4);
        int ldc = n + 1 + random.nextInt(4);
        long strideA = random.nextInt(3) == 0 ? 0 : (long) lda * (transposeA ? k : m) + random.nextInt(5);
        long strideB = random.nextInt(3) == 0 ? 0 : (long) ldb * (transposeB ? n : k) + random.nextInt(5);
        long strideC = (long) ldc * m + random.nextInt(5);
        GemmShape shape =
                new GemmShape(batch, m, n, k, transposeA, transposeB, lda, ldb, ldc, strideA, strideB, strideC);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = random(arena, random, (batch - 1) * strideA + (long) lda * (transposeA ? k : m));
            MemorySegment b = random(arena, random, (batch - 1) * strideB + (long) ldb * (transposeB ? n : k));
            MemorySegment c = random(arena, random, batch * strideC);
            MemorySegment scratch = arena.allocate(Gemm.scratchBytes(shape, pool.threads()), 64);
            scratch.fill((byte) 0xff); // NaN wherever the packing leaves a hole
            double[] expected = new double[(int) (batch * strideC)];
            double[] scale = new double[expected.length];
            Arrays.fill(expected, GUARD);
            for (int s = 0; s < batch; s++) {
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        int at = (int) (s * strideC + (long) i * ldc + j);
                        double sum = accumulate ? get(c, at) : 0;
                        double magnitude = Math.abs(sum);
                        for (int p = 0; p < k; p++) {
                            long atA = s * strideA + (transposeA ? (long) p * lda + i : (long) i * lda + p);
                            long atB = s * strideB + (transposeB ? (long) j * ldb + p : (long) p * ldb + j);
                            double product = (double) get(a, atA) * get(b, atB);
                            sum += product;
                            magnitude += Math.abs(product);
                        }
                        expected[at] = sum;
                        scale[at] = magnitude;
                    }
                }
            }
            for (int at = 0; at < expected.length; at++) {
                if (expected[at] == GUARD) {
                    c.setAtIndex(ValueLayout.JAVA_FLOAT, at, GUARD);
                }
            }
            Gemm gemm = new Gemm(pool, scratch.address(), shape, accumulate, a.address(), b.address(), c.address());
            if (trial % 3 == 0) {
                gemm.run();
            } else {
                new Gemm(pool, scratch.address(), shape, accumulate, 0, 0, 0)
                        .run(a.address(), b.address(), c.address());
            }
            for (int at = 0; at < expected.length; at++) {
                // Rounding of k fused multiply-adds in some order, each relative to a partial sum below the magnitude.
                assertEquals(
                        expected[at], get(c, at), scale[at] * (k + 1) * 0x1p-24, shape + " accumulate " + accumulate);
            }
        }
    }

    @Test
    @DisplayName("the same bytes with 1, 2 and 5 threads")
    void threads() {
        int[][] shapes = {{500, 300, 800}, {64, 2000, 256}, {1, 3001, 333}, {7, 515, 97}, {129, 33, 1025}, {400, 6, 12}
        };
        Random random = new Random(3);
        for (int[] s : shapes) {
            for (int variant = 0; variant < 4; variant++) {
                GemmShape shape = GemmShape.batched(2, s[0], s[1], s[2], (variant & 1) != 0, (variant & 2) != 0);
                try (Arena arena = Arena.ofShared()) {
                    MemorySegment a = random(arena, random, 2L * s[0] * s[2]);
                    MemorySegment b = random(arena, random, 2L * s[2] * s[1]);
                    MemorySegment c = arena.allocate(8L * s[0] * s[1], 64);
                    byte[] expected = null;
                    for (int threads : new int[] {1, 2, 5}) {
                        try (Parallel pool = new Parallel(threads, Products.of(true))) {
                            MemorySegment scratch = arena.allocate(Gemm.scratchBytes(shape, threads), 64);
                            c.fill((byte) 0);
                            new Gemm(pool, scratch.address(), shape, false, a.address(), b.address(), c.address())
                                    .run();
                            byte[] bytes = c.toArray(ValueLayout.JAVA_BYTE);
                            expected = expected == null ? bytes : expected;
                            assertArrayEquals(expected, bytes, shape + " threads " + threads);
                        }
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("every element is one chain of fused multiply-adds per block of k, in order")
    void orderOfAddition() {
        int m = 40;
        int n = 50;
        int k = 2 * Gemm.BLOCK_K + 32;
        int block = GemmTiling.roundUp(GemmTiling.ceil(k, 3), Memory.LANES);
        Random random = new Random(4);
        for (int variant = 0; variant < 4; variant++) {
            boolean transposeA = (variant & 1) != 0;
            boolean transposeB = (variant & 2) != 0;
            GemmShape shape = GemmShape.of(m, n, k, transposeA, transposeB);
            try (Arena arena = Arena.ofConfined();
                    Parallel pool = new Parallel(1, Products.of(true))) {
                MemorySegment a = random(arena, random, (long) m * k);
                MemorySegment b = random(arena, random, (long) k * n);
                MemorySegment c = arena.allocate(4L * m * n, 64);
                MemorySegment scratch = arena.allocate(Gemm.scratchBytes(shape, 1), 64);
                new Gemm(pool, scratch.address(), shape, false, a.address(), b.address(), c.address()).run();
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        float total = 0;
                        for (int from = 0; from < k; from += block) {
                            float sum = 0;
                            for (int p = from; p < Math.min(k, from + block); p++) {
                                sum = Math.fma(
                                        get(a, transposeA ? (long) p * m + i : (long) i * k + p),
                                        get(b, transposeB ? (long) j * k + p : (long) p * n + j),
                                        sum);
                            }
                            total = from == 0 ? sum : total + sum;
                        }
                        assertEquals(total, get(c, (long) i * n + j), shape + " at " + i + ", " + j);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("a warmed-up run allocates nothing")
    void allocation() {
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        GemmShape[] shapes = {
            GemmShape.of(70, 70, 70, false, false),
            GemmShape.of(70, 70, 70, true, false),
            GemmShape.of(70, 70, 70, false, true),
            GemmShape.of(70, 70, 70, true, true),
            GemmShape.of(3, 70, 70, false, true),
            GemmShape.of(3, 40, 70, false, false)
        };
        Random random = new Random(5);
        try (Arena arena = Arena.ofShared();
                Parallel pool = new Parallel(2, Products.of(true))) {
            MemorySegment a = random(arena, random, 70 * 70);
            MemorySegment b = random(arena, random, 70 * 70);
            MemorySegment c = arena.allocate(4L * 70 * 70, 64);
            MemorySegment scratch = arena.allocate(Gemm.scratchBytes(shapes[0], 2), 64);
            for (GemmShape shape : shapes) {
                Gemm gemm = new Gemm(pool, scratch.address(), shape, true, a.address(), b.address(), c.address());
                long least = Long.MAX_VALUE;
                // How many runs the compiler needs is its own affair: stop at the first batch of runs without
                // allocation.
                long deadline = System.nanoTime() + 20_000_000_000L;
                while (least > 0 && System.nanoTime() < deadline) {
                    long before = bean.getCurrentThreadAllocatedBytes();
                    for (int i = 0; i < 200; i++) {
                        gemm.run(a.address(), b.address(), c.address());
                    }
                    least = Math.min(least, bean.getCurrentThreadAllocatedBytes() - before);
                }
                assertEquals(0, least, shape + ": bytes allocated in 200 runs");
            }
        }
    }

    @Test
    @DisplayName("shapes that cannot be are refused with the dimension at fault")
    void badShapes() {
        assertRefused("n 0", () -> GemmShape.of(3, 0, 4, false, false));
        assertRefused("leading dimension of A is 1", () -> new GemmShape(1, 2, 3, 4, true, false, 1, 3, 3, 0, 0, 0));
        assertRefused("overlap", () -> new GemmShape(2, 2, 3, 4, false, false, 4, 3, 3, 8, 12, 0));
    }

    private static void assertRefused(String part, Executable shape) {
        String message = String.valueOf(
                assertThrows(IllegalArgumentException.class, shape).getMessage());
        assertTrue(message.contains(part), message);
    }

    private static MemorySegment random(Arena arena, Random random, long count) {
        MemorySegment segment = arena.allocate(4 * count, 64);
        for (long i = 0; i < count; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
        }
        return segment;
    }

    private static float get(MemorySegment segment, long index) {
        return segment.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }
}
