package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Matrix products in F32, tiled twice: a group computes a tile of c with slices of a and b in local memory, an item a block of it in registers.
 *
 * <p>TornadoVM compiles each task with its numbers as constants, so one source serves all transpositions, and what concerns edges vanishes where the
 * shape has none. History: {@code docs/kernels/tornado-gemm.md}.
 */
public final class GemmKernels {
    /** Rows and columns of a group's tile. */
    private static final int TILE = 64;

    /** Depth of the slices in local memory. */
    private static final int DEPTH = 16;

    /** Rows and columns of an item's block. */
    private static final int BLOCK = 8;

    /** Items along each side of a tile. */
    private static final int SIDE = TILE / BLOCK;

    private static final int ITEMS = SIDE * SIDE;

    private GemmKernels() {}

    /**
     * The launch of {@link #multiply}.
     *
     * @param m rows of c
     * @param n columns of c
     * @param stack how many products
     * @return one group for each tile, along x, y and the stack
     */
    public static Launch launch(int m, int n, int stack) {
        return new Launch(Tiles.count(n, TILE) * SIDE, Tiles.count(m, TILE) * SIDE, stack, SIDE, SIDE, 1);
    }

    /**
     * c = op(a) op(b), or c += op(a) op(b), for each matrix of a stack.
     *
     * <p>Launch: {@link #launch}.
     *
     * @param a (stack, m, k), or (stack, k, m) if transposed
     * @param b (stack, k, n), or (stack, n, k) if transposed
     * @param c (stack, m, n)
     * @param transposeA 1 if a is stored transposed, otherwise 0
     * @param transposeB 1 if b is stored transposed, otherwise 0
     * @param add 1 to add to c, 0 to overwrite it
     */
    public static void multiply(
            KernelContext context,
            FloatArray a,
            int aAt,
            FloatArray b,
            int bAt,
            FloatArray c,
            int cAt,
            int m,
            int n,
            int k,
            int transposeA,
            int transposeB,
            int add) {
        float[] aTile = context.allocateFloatLocalArray(DEPTH * TILE);
        float[] bTile = context.allocateFloatLocalArray(DEPTH * TILE);
        float[] sums = new float[BLOCK * BLOCK];
        int column = context.localIdx;
        int row = context.localIdy;
        int item = row * SIDE + column;
        int firstRow = context.groupIdy * TILE;
        int firstColumn = context.groupIdx * TILE;
        int aStart = aAt + context.groupIdz * m * k;
        int bStart = bAt + context.groupIdz * k * n;
        int cStart = cAt + context.groupIdz * m * n;
        for (int i = 0; i < BLOCK * BLOCK; i++) {
            sums[i] = 0f;
        }
        for (int depth = Rolled.from(context); depth < k; depth += DEPTH) {
            // Neighbours read neighbours in memory: along the depth, or across it.
            for (int element = item; element < DEPTH * TILE; element += ITEMS) {
                int along = element % DEPTH * TILE + element / DEPTH;
                if (transposeA == 1) {
                    aTile[element] = across(a, aStart, m, k, firstRow + element % TILE, depth + element / TILE);
                } else {
                    aTile[along] = along(a, aStart, m, k, firstRow + element / DEPTH, depth + element % DEPTH);
                }
                if (transposeB == 1) {
                    bTile[along] = along(b, bStart, n, k, firstColumn + element / DEPTH, depth + element % DEPTH);
                } else {
                    bTile[element] = across(b, bStart, n, k, firstColumn + element % TILE, depth + element / TILE);
                }
            }
            context.localBarrier();
            for (int l = Rolled.from(context); l < DEPTH; l++) {
                for (int i = 0; i < BLOCK; i++) {
                    float left = aTile[l * TILE + row * BLOCK + i];
                    for (int j = 0; j < BLOCK; j++) {
                        sums[i * BLOCK + j] += left * bTile[l * TILE + column * BLOCK + j];
                    }
                }
            }
            context.localBarrier();
        }
        for (int i = 0; i < BLOCK; i++) {
            int y = firstRow + row * BLOCK + i;
            for (int j = 0; j < BLOCK; j++) {
                int x = firstColumn + column * BLOCK + j;
                if ((m % TILE == 0 || y < m) && (n % TILE == 0 || x < n)) {
                    int at = cStart + y * n + x;
                    if (add == 1) {
                        c.set(at, c.get(at) + sums[i * BLOCK + j]);
                    } else {
                        c.set(at, sums[i * BLOCK + j]);
                    }
                }
            }
        }
    }

    /** x[line, l] of a matrix (extent, k), 0 outside. */
    private static float along(FloatArray x, int at, int extent, int k, int line, int l) {
        float value = 0f;
        if ((extent % TILE == 0 || line < extent) && (k % DEPTH == 0 || l < k)) {
            value = x.get(at + line * k + l);
        }
        return value;
    }

    /** x[l, line] of a matrix (k, extent), 0 outside. */
    private static float across(FloatArray x, int at, int extent, int k, int line, int l) {
        float value = 0f;
        if ((extent % TILE == 0 || line < extent) && (k % DEPTH == 0 || l < k)) {
            value = x.get(at + l * extent + line);
        }
        return value;
    }
}
