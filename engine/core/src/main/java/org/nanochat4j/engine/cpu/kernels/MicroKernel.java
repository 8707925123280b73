package org.nanochat4j.engine.cpu.kernels;

import jdk.incubator.vector.FloatVector;
import org.nanochat4j.engine.cpu.code.PanelRoutine;

/**
 * The innermost part of {@link Gemm}: a block of 6 rows by one or two vectors, held in registers while k runs.
 *
 * <p>Six by two keeps 12 sums, 2 vectors of B and a broadcast value of A in registers, which suits 16 registers (AVX2, SSE) as well as 32
 * (AVX-512, Neon): larger blocks were measured and lose, see docs/kernels/gemm.md. Two traps shape this file. A is a heap array, because a
 * scalar read through a memory segment costs the compiler so many nodes that six of them in one loop exceed its inlining budget, and vectors
 * then escape to the heap. The sums start from {@code FloatVector.zero}: a constant would be an object, and merging it in the loop boxes too.
 * The block is stored to a small tile first and added to C from there: measured faster than doing so from registers, and edges need no second kernel.
 *
 * <p>Every element of C is one chain of fused multiply-adds in the order of k, whatever its place in the block.
 */
final class MicroKernel {
    /** Rows of a block: those of a strip of the machine code, which reads the same packed rows. */
    static final int ROWS = PanelRoutine.ROWS;

    /** Columns of the wide block. */
    static final int COLUMNS = 2 * Memory.LANES;

    /** Bytes of the tile that holds one block. */
    static final long TILE_BYTES = 4L * ROWS * COLUMNS;

    private static final long VECTOR = 4L * Memory.LANES;

    private MicroKernel() {}

    /**
     * tile (6, 2 LANES) = A (6, k) B (k, 2 LANES).
     *
     * @param a0 where element (i, p) of A is found: at a0 + i * rowStep + p * step
     * @param ldb bytes from one row of B to the next
     */
    static void wide(int k, float[] a, int a0, int rowStep, int step, long b, long ldb, long tile) {
        FloatVector c00 = FloatVector.zero(Memory.F);
        FloatVector c01 = FloatVector.zero(Memory.F);
        FloatVector c10 = FloatVector.zero(Memory.F);
        FloatVector c11 = FloatVector.zero(Memory.F);
        FloatVector c20 = FloatVector.zero(Memory.F);
        FloatVector c21 = FloatVector.zero(Memory.F);
        FloatVector c30 = FloatVector.zero(Memory.F);
        FloatVector c31 = FloatVector.zero(Memory.F);
        FloatVector c40 = FloatVector.zero(Memory.F);
        FloatVector c41 = FloatVector.zero(Memory.F);
        FloatVector c50 = FloatVector.zero(Memory.F);
        FloatVector c51 = FloatVector.zero(Memory.F);
        int a1 = a0 + rowStep;
        int a2 = a1 + rowStep;
        int a3 = a2 + rowStep;
        int a4 = a3 + rowStep;
        int a5 = a4 + rowStep;
        for (int p = 0, q = 0; p < k; p++, q += step) {
            long row = b + p * ldb;
            FloatVector b0 = Memory.load(row);
            FloatVector b1 = Memory.load(row + VECTOR);
            FloatVector x0 = FloatVector.broadcast(Memory.F, a[a0 + q]);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            FloatVector x1 = FloatVector.broadcast(Memory.F, a[a1 + q]);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            FloatVector x2 = FloatVector.broadcast(Memory.F, a[a2 + q]);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            FloatVector x3 = FloatVector.broadcast(Memory.F, a[a3 + q]);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            FloatVector x4 = FloatVector.broadcast(Memory.F, a[a4 + q]);
            c40 = x4.fma(b0, c40);
            c41 = x4.fma(b1, c41);
            FloatVector x5 = FloatVector.broadcast(Memory.F, a[a5 + q]);
            c50 = x5.fma(b0, c50);
            c51 = x5.fma(b1, c51);
        }
        Memory.store(c00, tile);
        Memory.store(c01, tile + VECTOR);
        Memory.store(c10, tile + 2 * VECTOR);
        Memory.store(c11, tile + 3 * VECTOR);
        Memory.store(c20, tile + 4 * VECTOR);
        Memory.store(c21, tile + 5 * VECTOR);
        Memory.store(c30, tile + 6 * VECTOR);
        Memory.store(c31, tile + 7 * VECTOR);
        Memory.store(c40, tile + 8 * VECTOR);
        Memory.store(c41, tile + 9 * VECTOR);
        Memory.store(c50, tile + 10 * VECTOR);
        Memory.store(c51, tile + 11 * VECTOR);
    }

    /** tile (6, LANES) = A (6, k) B (k, LANES); parameters as for {@link #wide}. */
    static void narrow(int k, float[] a, int a0, int rowStep, int step, long b, long ldb, long tile) {
        FloatVector c00 = FloatVector.zero(Memory.F);
        FloatVector c10 = FloatVector.zero(Memory.F);
        FloatVector c20 = FloatVector.zero(Memory.F);
        FloatVector c30 = FloatVector.zero(Memory.F);
        FloatVector c40 = FloatVector.zero(Memory.F);
        FloatVector c50 = FloatVector.zero(Memory.F);
        int a1 = a0 + rowStep;
        int a2 = a1 + rowStep;
        int a3 = a2 + rowStep;
        int a4 = a3 + rowStep;
        int a5 = a4 + rowStep;
        for (int p = 0, q = 0; p < k; p++, q += step) {
            long row = b + p * ldb;
            FloatVector b0 = Memory.load(row);
            FloatVector x0 = FloatVector.broadcast(Memory.F, a[a0 + q]);
            c00 = x0.fma(b0, c00);
            FloatVector x1 = FloatVector.broadcast(Memory.F, a[a1 + q]);
            c10 = x1.fma(b0, c10);
            FloatVector x2 = FloatVector.broadcast(Memory.F, a[a2 + q]);
            c20 = x2.fma(b0, c20);
            FloatVector x3 = FloatVector.broadcast(Memory.F, a[a3 + q]);
            c30 = x3.fma(b0, c30);
            FloatVector x4 = FloatVector.broadcast(Memory.F, a[a4 + q]);
            c40 = x4.fma(b0, c40);
            FloatVector x5 = FloatVector.broadcast(Memory.F, a[a5 + q]);
            c50 = x5.fma(b0, c50);
        }
        Memory.store(c00, tile);
        Memory.store(c10, tile + VECTOR);
        Memory.store(c20, tile + 2 * VECTOR);
        Memory.store(c30, tile + 3 * VECTOR);
        Memory.store(c40, tile + 4 * VECTOR);
        Memory.store(c50, tile + 5 * VECTOR);
    }

    /**
     * Writes a tile to C, or adds it.
     *
     * @param width columns of a row of the tile as stored: LANES or 2 LANES
     * @param ldc bytes from one row of C to the next
     * @param rows rows to write, at most {@link #ROWS}
     * @param columns columns to write, at most width
     */
    static void update(long tile, int width, long c, long ldc, int rows, int columns, boolean add) {
        if (columns < COLUMNS) {
            updateEdge(tile, width, c, ldc, rows, columns, add);
        } else if (add) {
            for (int i = 0; i < rows; i++) {
                long from = tile + i * 2L * VECTOR;
                long to = c + i * ldc;
                FloatVector left = Memory.load(to).add(Memory.load(from));
                FloatVector right = Memory.load(to + VECTOR).add(Memory.load(from + VECTOR));
                Memory.store(left, to);
                Memory.store(right, to + VECTOR);
            }
        } else {
            for (int i = 0; i < rows; i++) {
                long from = tile + i * 2L * VECTOR;
                long to = c + i * ldc;
                Memory.store(Memory.load(from), to);
                Memory.store(Memory.load(from + VECTOR), to + VECTOR);
            }
        }
    }

    /**
     * Element by element: a vector expression on a path that is rare when the compiler looks at it stays a call, and its vectors go to the heap for good.
     */
    private static void updateEdge(long tile, int width, long c, long ldc, int rows, int columns, boolean add) {
        for (int i = 0; i < rows; i++) {
            long from = tile + 4L * i * width;
            long to = c + i * ldc;
            for (int j = 0; j < columns; j++) {
                float sum = Memory.getFloat(from + 4L * j);
                Memory.putFloat(to + 4L * j, add ? Memory.getFloat(to + 4L * j) + sum : sum);
            }
        }
    }
}
