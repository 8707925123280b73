package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.GemmTiling.ceil;
import static org.nanochat4j.engine.cpu.kernels.GemmTiling.roundUp;

/**
 * How {@link TileGemm} cuts a matrix C, or the part of it whose columns of B are packed, into tasks.
 *
 * <p>The cut balances threads against packing: every task packs its own rows of A. It may depend on the number of threads because no result depends on it.
 *
 * @param rows rows of a task, a multiple of 32; the last one may have fewer
 * @param columns columns of a task, a multiple of 32; the last one may have fewer
 * @param down tasks from top to bottom
 * @param across tasks from left to right
 */
record TileTiling(int rows, int columns, int down, int across) {
    private static final int UNIT = TilePacking.UNIT;

    /** A block of k of so many rows of A fits the second-level cache beside a panel of B. */
    static final int MAX_ROWS = 192;

    private static final int MAX_COLUMNS = 2048;

    // In columns and rows of C that are multiplied in the time: estimates from the rates of one machine with AMX, to be
    // measured on others.
    private static final double PACK_A = 128;
    private static final double LOAD_B = 32;
    private static final double UNEVEN = 0.2;

    /**
     * The cut with the smallest estimated time.
     *
     * @param members matrices C that are multiplied together
     * @param m rows of each
     * @param n columns of each
     */
    static TileTiling of(int members, int m, int n, int threads) {
        TileTiling best = cut(m, n, ceil(m, MAX_ROWS), ceil(n, MAX_COLUMNS));
        double least = best.cost(members, threads);
        for (int down = best.down; down <= ceil(m, UNIT); down = down * 5 / 4 + 1) {
            for (int across = best.across; across <= ceil(n, UNIT); across = across * 5 / 4 + 1) {
                TileTiling tiling = cut(m, n, down, across);
                double cost = tiling.cost(members, threads);
                if (cost < least) {
                    least = cost;
                    best = tiling;
                }
            }
        }
        return best;
    }

    private static TileTiling cut(int m, int n, int down, int across) {
        int rows = roundUp(ceil(m, down), UNIT);
        int columns = roundUp(ceil(n, across), UNIT);
        return new TileTiling(rows, columns, ceil(m, rows), ceil(n, columns));
    }

    private double cost(int members, int threads) {
        long rounds = ((long) members * down * across + threads - 1) / threads;
        return ((double) rows * columns + PACK_A * rows + LOAD_B * columns) * (rounds + UNEVEN);
    }
}
