package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;

/** Products of BF16 matrices have the bits of those of the same numbers in F32, rounded once where the result is BF16. */
class Bf16GemmTest {
    private static final int[] EDGES = {1, 2, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 97
    };
    private static final byte UNTOUCHED = 0x55;

    private final Random random = new Random(1);

    @Test
    @DisplayName("random shapes 1..130, all transposes, leading dimensions, batches; nothing outside is touched")
    void randomShapes() {
        for (int trial = 0; trial < 300; trial++) {
            check(1 + random.nextInt(3), extent(trial), extent(trial), extent(trial), trial);
        }
    }

    private int extent(int trial) {
        return trial % 2 == 0 ? EDGES[random.nextInt(EDGES.length)] : 1 + random.nextInt(130);
    }

    @Test
    @DisplayName("shapes with several tiles and several blocks of k")
    void largeShapes() {
        int[][] shapes = {{391, 70, 500}, {100, 545, 769}, {800, 40, 385}, {8, 200, 777}, {1000, 1, 65}, {260, 257, 1}};
        for (int[] shape : shapes) {
            for (int variant = 0; variant < 8; variant++) {
                check(1, shape[0], shape[1], shape[2], variant);
            }
        }
    }

    /** The trial number selects transposes, the type of the result and the number of threads. */
    private void check(int batch, int m, int n, int k, int trial) {
        boolean transposeA = (trial & 1) != 0;
        boolean transposeB = (trial & 2) != 0;
        DType result = (trial & 4) != 0 ? DType.F32 : DType.BF16;
        int lda = (transposeA ? m : k) + random.nextInt(4);
        int ldb = (transposeB ? k : n) + random.nextInt(4);
        int ldc = n + random.nextInt(4);
        long sizeA = (long) lda * ((transposeA ? k : m) - 1) + (transposeA ? m : k);
        long sizeB = (long) ldb * ((transposeB ? n : k) - 1) + (transposeB ? k : n);
        long sizeC = (long) ldc * (m - 1) + n;
        long strideA = random.nextInt(3) == 0 ? 0 : sizeA + random.nextInt(5);
        long strideB = random.nextInt(3) == 0 ? 0 : sizeB + random.nextInt(5);
        long strideC = sizeC + random.nextInt(5);
        long countA = (batch - 1) * strideA + sizeA;
        long countB = (batch - 1) * strideB + sizeB;
        long countC = (batch - 1) * strideC + sizeC;
        GemmShape shape =
                new GemmShape(batch, m, n, k, transposeA, transposeB, lda, ldb, ldc, strideA, strideB, strideC);
        int threads = 1 + trial % 3;
        long scratchBytes = Gemm.scratchBytes(shape, DType.BF16, result, threads);
        try (Arena arena = Arena.ofConfined();
                Parallel pool = new Parallel(threads, Products.of(true));
                GuardedMemory a = new GuardedMemory(2 * countA);
                GuardedMemory b = new GuardedMemory(2 * countB);
                GuardedMemory c = new GuardedMemory(result.bytes() * countC);
                GuardedMemory scratch = new GuardedMemory(scratchBytes)) {
            long wideA = arena.allocate(4 * countA, 64).address();
            long wideB = arena.allocate(4 * countB, 64).address();
            fill(a.address(), countA, wideA);
            fill(b.address(), countB, wideB);
            fill(c.address(), result.bytes() * countC, UNTOUCHED);
            fill(scratch.address(), scratchBytes, (byte) -1); // NaN wherever the packing leaves a hole
            Gemm.bf16(pool, scratch.address(), shape, result, a.address(), b.address(), c.address())
                    .run();

            long sums = arena.allocate(4 * countC, 64).address();
            long packing = arena.allocate(Gemm.scratchBytes(shape, threads), 64).address();
            new Gemm(pool, packing, shape, false, wideA, wideB, sums).run();
            boolean[] written = new boolean[(int) countC];
            for (int s = 0; s < batch; s++) {
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        long at = s * strideC + (long) i * ldc + j;
                        float sum = Memory.getFloat(sums + 4 * at);
                        written[(int) at] = true;
                        if (result == DType.BF16) {
                            assertEquals(Bf16.bits(sum), Memory.getShort(c.address() + 2 * at), shape.toString());
                        } else {
                            assertEquals(
                                    Float.floatToRawIntBits(sum),
                                    Memory.getInt(c.address() + 4 * at),
                                    shape.toString());
                        }
                    }
                }
            }
            for (int at = 0; at < countC; at++) {
                for (int part = 0; !written[at] && part < result.bytes(); part++) {
                    byte left = Memory.getByte(c.address() + (long) result.bytes() * at + part);
                    assertEquals(UNTOUCHED, left, shape + " between rows at " + at);
                }
            }
        }
    }

    private void fill(long narrow, long count, long wide) {
        for (long i = 0; i < count; i++) {
            short bits = Bf16.bits((float) random.nextGaussian());
            Memory.putShort(narrow + 2 * i, bits);
            Memory.putFloat(wide + 4 * i, Bf16.toFloat(bits));
        }
    }

    private static void fill(long address, long bytes, byte value) {
        for (long i = 0; i < bytes; i++) {
            Memory.putByte(address + i, value);
        }
    }

    @Test
    @DisplayName("no other kernel takes over a tile that is rounded")
    void epilogue() {
        GemmShape shape = GemmShape.of(64, 64, 64, false, false);
        try (Parallel pool = new Parallel(1)) {
            assertFalse(Gemm.bf16(pool, 0, shape, DType.BF16, 0, 0, 0).takesEpilogue());
        }
    }

    @Test
    @DisplayName("a warmed-up run allocates nothing")
    void allocation() {
        try (Arena arena = Arena.ofShared();
                Parallel pool = new Parallel(2, Products.of(true))) {
            for (int variant = 0; variant < 4; variant++) {
                GemmShape shape = GemmShape.of(70, 71, 72, (variant & 1) != 0, (variant & 2) != 0);
                long a = arena.allocate(2 * 72 * 72, 64).address();
                long b = arena.allocate(2 * 72 * 72, 64).address();
                long c = arena.allocate(2 * 72 * 72, 64).address();
                long scratch = arena.allocate(Gemm.scratchBytes(shape, DType.BF16, DType.BF16, 2), 64)
                        .address();
                Buffers.assertAllocatesNothing(Gemm.bf16(pool, scratch, shape, DType.BF16, a, b, c), 2000);
            }
        }
    }
}
