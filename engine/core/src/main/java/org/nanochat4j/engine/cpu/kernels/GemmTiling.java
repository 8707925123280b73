package org.nanochat4j.engine.cpu.kernels;

/**
 * How {@link Gemm} cuts C into tiles, one task each.
 *
 * <p>The cut balances threads against packing: every tile packs its own rows of A and columns of B. It may depend on the number of threads because
 * no result depends on it: an element of C is added up in the order of k, wherever the borders of its tile are.
 *
 * @param rows rows of a tile, the last one may be shorter
 * @param columns columns of a tile, the last one may be narrower
 * @param down tiles from top to bottom of C
 * @param across tiles from left to right of C
 */
record GemmTiling(int rows, int columns, int down, int across) {
    /** Upper bound of the rows: so many share a packed panel of B, and one thread packs. */
    static final int MAX_ROWS = 768;

    private static final int MAX_COLUMNS = 2048;

    // In multiply-adds of the register block, measured: docs/kernels/gemm.md.
    private static final double PACK_A = 14;
    private static final double PACK_A_TRANSPOSED = 15;
    private static final double PACK_B = 35;
    private static final double PACK_B_TRANSPOSED = 35;
    private static final double TASK = 60_000;
    private static final double UNEVEN = 0.2;

    private static final int GEMV_FLOATS = 1 << 15;

    /** The cut with the smallest estimated time. */
    static GemmTiling of(GemmShape shape, int threads) {
        GemmTiling best = cut(shape, ceil(shape.m(), MAX_ROWS), ceil(shape.n(), MAX_COLUMNS));
        if (threads == 1) {
            return best;
        }
        double least = best.cost(shape, threads);
        for (int down = best.down; down <= ceil(shape.m(), 4 * MicroKernel.ROWS); down = down * 5 / 4 + 1) {
            for (int across = best.across;
                    across <= ceil(shape.n(), MicroKernel.COLUMNS);
                    across = across * 5 / 4 + 1) {
                GemmTiling tiling = cut(shape, down, across);
                double cost = tiling.cost(shape, threads);
                if (cost < least) {
                    least = cost;
                    best = tiling;
                }
            }
        }
        return best;
    }

    /** Rows of B for {@link Gemv}: about 128 KiB of B in a task. */
    static GemmTiling gemv(GemmShape shape) {
        int columns = Math.min(shape.n(), Math.max(4, GEMV_FLOATS / shape.k() & -4));
        return new GemmTiling(shape.m(), columns, 1, ceil(shape.n(), columns));
    }

    private static GemmTiling cut(GemmShape shape, int down, int across) {
        int rows = roundUp(ceil(shape.m(), down), MicroKernel.ROWS);
        int columns = roundUp(ceil(shape.n(), across), MicroKernel.COLUMNS);
        return new GemmTiling(rows, columns, ceil(shape.m(), rows), ceil(shape.n(), columns));
    }

    private double cost(GemmShape shape, int threads) {
        double packA = shape.transposeA() ? PACK_A_TRANSPOSED : PACK_A;
        double packB = shape.transposeB() ? PACK_B_TRANSPOSED : PACK_B;
        double tile = shape.k() * ((double) rows * columns + packA * rows + packB * columns) + TASK;
        long tasks = (long) shape.batch() * down * across;
        long rounds = (tasks + threads - 1) / threads;
        return tile * (rounds + UNEVEN);
    }

    /** Tasks of a whole batch. */
    int tasks(GemmShape shape) {
        return Math.multiplyExact(shape.batch(), Math.multiplyExact(down, across));
    }

    static int ceil(int value, int divisor) {
        return (value + divisor - 1) / divisor;
    }

    static int roundUp(int value, int multiple) {
        return ceil(value, multiple) * multiple;
    }
}
