package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Matrix products of BF16 factors by tensor cores, with sums in F32: for NVIDIA devices of compute capability 8.0 or later, by TornadoVM's CUDA driver.
 *
 * <p>A group of four warps computes a tile of c with slices of a and b in local memory; each warp a quarter of it, as sixteen fragments of 16 x 8 that stay in
 * registers. Fragments are stored whole, so {@link #multiply} writes whole tiles; {@link #crop} takes from them what belongs to c, where tiles go beyond its edges.
 *
 * <p>A fragment is a variable of its own, and is never handed to a method: TornadoVM's compiler keeps it in registers by its name. Loops over fragments are
 * therefore written out. History: {@code docs/kernels/tornado-gemm.md}.
 */
public final class MmaKernels {
    /** Rows of a group's tile. */
    private static final int ROWS = 128;

    /** Columns of a group's tile. */
    private static final int COLUMNS = 64;

    /** Depth of a slice, and of a fragment. */
    private static final int DEPTH = 16;

    /** Rows and columns of a fragment of c. */
    private static final int HEIGHT = 16;

    private static final int WIDTH = 8;

    private static final int WARP = 32;

    /** Rows and columns of a warp's part of the tile: 4 x 4 fragments. */
    private static final int WARP_ROWS = 64;

    private static final int WARP_COLUMNS = 32;

    private static final int WARPS_ACROSS = COLUMNS / WARP_COLUMNS;

    private static final int ITEMS = ROWS / WARP_ROWS * WARPS_ACROSS * WARP;

    /** Numbers of BF16 in an int of local memory. */
    private static final int PAIR = 2;

    /** Bytes of a fragment's part of a slice of a, and of b. */
    private static final int A_BYTES = HEIGHT * DEPTH * Short.BYTES;

    private static final int B_BYTES = DEPTH * WIDTH * Short.BYTES;

    private MmaKernels() {}

    /** Whether tiles do not go beyond the edges of c: then {@link #multiply} may write c itself. */
    public static boolean isWhole(int m, int n) {
        return m % ROWS == 0 && n % COLUMNS == 0;
    }

    /** From a row of what {@link #multiply} writes to the next, for c of n columns. */
    public static int stride(int n) {
        return Math.toIntExact(Tiles.up(n, COLUMNS));
    }

    /** Floats that {@link #multiply} writes. */
    public static long room(int m, int n, int stack) {
        return stack * Tiles.up(m, ROWS) * Tiles.up(n, COLUMNS);
    }

    /**
     * The launch of {@link #multiply}.
     *
     * @param m rows of c
     * @param n columns of c
     * @param stack how many products
     * @return one group for each tile, along x, y and the stack
     */
    public static Launch launch(int m, int n, int stack) {
        return Launch.groups(Tiles.count(n, COLUMNS), Tiles.count(m, ROWS), stack, ITEMS);
    }

    /**
     * c = op(a) op(b) for each matrix of a stack.
     *
     * <p>Launch: {@link #launch}.
     *
     * @param a (stack, m, k), or (stack, k, m) if transposed; BF16
     * @param b (stack, k, n), or (stack, n, k) if transposed; BF16
     * @param c (stack, m, n) with m and n rounded up to whole tiles; beyond the edges it becomes 0
     * @param transposeA 1 if a is stored transposed, otherwise 0
     * @param transposeB 1 if b is stored transposed, otherwise 0
     */
    public static void multiply(
            KernelContext context,
            ShortArray a,
            int aAt,
            ShortArray b,
            int bAt,
            FloatArray c,
            int cAt,
            int m,
            int n,
            int k,
            int transposeA,
            int transposeB) {
        int[] aSlice = context.allocateIntLocalArray(ROWS * DEPTH / PAIR);
        int[] bSlice = context.allocateIntLocalArray(DEPTH * COLUMNS / PAIR);
        int item = context.localIdx;
        int warp = item / WARP;
        int firstRow = context.groupIdy * ROWS;
        int firstColumn = context.groupIdx * COLUMNS;
        int aStart = aAt + context.groupIdz * m * k;
        int bStart = bAt + context.groupIdz * k * n;
        int aBytes = warp / WARPS_ACROSS * (WARP_ROWS / HEIGHT) * A_BYTES;
        int bBytes = warp % WARPS_ACROSS * (WARP_COLUMNS / WIDTH) * B_BYTES;
        float[] c00 = context.mmaFragment(0f);
        float[] c01 = context.mmaFragment(0f);
        float[] c02 = context.mmaFragment(0f);
        float[] c03 = context.mmaFragment(0f);
        float[] c10 = context.mmaFragment(0f);
        float[] c11 = context.mmaFragment(0f);
        float[] c12 = context.mmaFragment(0f);
        float[] c13 = context.mmaFragment(0f);
        float[] c20 = context.mmaFragment(0f);
        float[] c21 = context.mmaFragment(0f);
        float[] c22 = context.mmaFragment(0f);
        float[] c23 = context.mmaFragment(0f);
        float[] c30 = context.mmaFragment(0f);
        float[] c31 = context.mmaFragment(0f);
        float[] c32 = context.mmaFragment(0f);
        float[] c33 = context.mmaFragment(0f);
        for (int depth = Rolled.from(context); depth < k; depth += DEPTH) {
            // Neighbours read neighbours in memory. A slice of a is row after row; one of b is fragment after fragment,
            // each row after row.
            for (int pair = item; pair < ROWS * DEPTH / PAIR; pair += ITEMS) {
                int row = transposeA == 1 ? pair % ROWS : pair / (DEPTH / PAIR);
                int l = transposeA == 1 ? pair / ROWS * PAIR : pair % (DEPTH / PAIR) * PAIR;
                int line = firstRow + row;
                aSlice[row * (DEPTH / PAIR) + l / PAIR] = left(a, aStart, m, k, transposeA, line, depth + l)
                        | left(a, aStart, m, k, transposeA, line, depth + l + 1) << Short.SIZE;
            }
            for (int pair = item; pair < DEPTH * COLUMNS / PAIR; pair += ITEMS) {
                int column = transposeB == 1 ? pair / DEPTH * PAIR : pair % (COLUMNS / PAIR) * PAIR;
                int l = transposeB == 1 ? pair % DEPTH : pair / (COLUMNS / PAIR);
                int line = firstColumn + column;
                int place = column / WIDTH * (DEPTH * WIDTH / PAIR) + l * (WIDTH / PAIR) + column % WIDTH / PAIR;
                bSlice[place] = right(b, bStart, n, k, transposeB, line, depth + l)
                        | right(b, bStart, n, k, transposeB, line + 1, depth + l) << Short.SIZE;
            }
            context.localBarrier();
            HalfFloat[] a0 = context.mmaLoadA(aSlice, DEPTH, aBytes);
            HalfFloat[] a1 = context.mmaLoadA(aSlice, DEPTH, aBytes + A_BYTES);
            HalfFloat[] a2 = context.mmaLoadA(aSlice, DEPTH, aBytes + 2 * A_BYTES);
            HalfFloat[] a3 = context.mmaLoadA(aSlice, DEPTH, aBytes + 3 * A_BYTES);
            HalfFloat[] b0 = context.mmaLoadB(bSlice, DEPTH, bBytes);
            c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
            c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
            c20 = context.mmaBF16(a2, b0, c20, MMAShape.M16N8K16);
            c30 = context.mmaBF16(a3, b0, c30, MMAShape.M16N8K16);
            HalfFloat[] b1 = context.mmaLoadB(bSlice, DEPTH, bBytes + B_BYTES);
            c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
            c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
            c21 = context.mmaBF16(a2, b1, c21, MMAShape.M16N8K16);
            c31 = context.mmaBF16(a3, b1, c31, MMAShape.M16N8K16);
            HalfFloat[] b2 = context.mmaLoadB(bSlice, DEPTH, bBytes + 2 * B_BYTES);
            c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
            c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
            c22 = context.mmaBF16(a2, b2, c22, MMAShape.M16N8K16);
            c32 = context.mmaBF16(a3, b2, c32, MMAShape.M16N8K16);
            HalfFloat[] b3 = context.mmaLoadB(bSlice, DEPTH, bBytes + 3 * B_BYTES);
            c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
            c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
            c23 = context.mmaBF16(a2, b3, c23, MMAShape.M16N8K16);
            c33 = context.mmaBF16(a3, b3, c33, MMAShape.M16N8K16);
            context.localBarrier();
        }
        int stride = (n + COLUMNS - 1) / COLUMNS * COLUMNS;
        int rows = (m + ROWS - 1) / ROWS * ROWS;
        int row = firstRow + warp / WARPS_ACROSS * WARP_ROWS;
        // The store adds the column to row times stride, so the place of c goes there.
        int column = cAt + context.groupIdz * rows * stride + firstColumn + warp % WARPS_ACROSS * WARP_COLUMNS;
        context.mmaStore(c00, c, row, column, stride);
        context.mmaStore(c01, c, row, column + WIDTH, stride);
        context.mmaStore(c02, c, row, column + 2 * WIDTH, stride);
        context.mmaStore(c03, c, row, column + 3 * WIDTH, stride);
        context.mmaStore(c10, c, row + HEIGHT, column, stride);
        context.mmaStore(c11, c, row + HEIGHT, column + WIDTH, stride);
        context.mmaStore(c12, c, row + HEIGHT, column + 2 * WIDTH, stride);
        context.mmaStore(c13, c, row + HEIGHT, column + 3 * WIDTH, stride);
        context.mmaStore(c20, c, row + 2 * HEIGHT, column, stride);
        context.mmaStore(c21, c, row + 2 * HEIGHT, column + WIDTH, stride);
        context.mmaStore(c22, c, row + 2 * HEIGHT, column + 2 * WIDTH, stride);
        context.mmaStore(c23, c, row + 2 * HEIGHT, column + 3 * WIDTH, stride);
        context.mmaStore(c30, c, row + 3 * HEIGHT, column, stride);
        context.mmaStore(c31, c, row + 3 * HEIGHT, column + WIDTH, stride);
        context.mmaStore(c32, c, row + 3 * HEIGHT, column + 2 * WIDTH, stride);
        context.mmaStore(c33, c, row + 3 * HEIGHT, column + 3 * WIDTH, stride);
    }

    /** The bits of op(a)[row, l], 0 outside. */
    private static int left(ShortArray a, int at, int m, int k, int transposed, int row, int l) {
        int bits = 0;
        if ((m % ROWS == 0 || row < m) && (k % DEPTH == 0 || l < k)) {
            bits = (transposed == 1 ? a.get(at + l * m + row) : a.get(at + row * k + l)) & 0xffff;
        }
        return bits;
    }

    /** The bits of op(b)[l, column], 0 outside. */
    private static int right(ShortArray b, int at, int n, int k, int transposed, int column, int l) {
        int bits = 0;
        if ((n % COLUMNS == 0 || column < n) && (k % DEPTH == 0 || l < k)) {
            bits = (transposed == 1 ? b.get(at + column * k + l) : b.get(at + l * n + column)) & 0xffff;
        }
        return bits;
    }

    /**
     * y = what lies within the edges of x, or y += that.
     *
     * <p>Launch: {@link Launch#elements} of stack m n.
     *
     * @param x as {@link #multiply} writes it
     * @param y (stack, m, n)
     * @param add 1 to add to y, 0 to overwrite it
     */
    public static void crop(
            KernelContext context, FloatArray x, int xAt, FloatArray y, int yAt, int m, int n, int stack, int add) {
        int i = context.globalIdx;
        if (i < stack * m * n) {
            int stride = (n + COLUMNS - 1) / COLUMNS * COLUMNS;
            int rows = (m + ROWS - 1) / ROWS * ROWS;
            int row = i / n;
            float value = x.get(xAt + (row / m * rows + row % m) * stride + i % n);
            if (add == 1) {
                value += y.get(yAt + i);
            }
            y.set(yAt + i, value);
        }
    }
}
