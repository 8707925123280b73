package org.nanochat4j.engine.cpu.kernels;

/** A kernel over rows that do not depend on each other, split into blocks of rows by the row length. */
abstract class RowKernel implements Kernel, Parallel.Task {
    private static final int ELEMENTS = 1 << 14;

    private final Parallel pool;
    private final long rows;
    private final int block;

    RowKernel(Parallel pool, long rows, long columns) {
        this.pool = pool;
        this.rows = rows;
        this.block = block(columns);
    }

    /** Rows that a thread computes one after the other. */
    static int block(long columns) {
        return (int) Math.max(1, ELEMENTS / Math.max(1, columns));
    }

    /** Checks data that the kernel is about to trust, such as ids; by default nothing. */
    void check() {}

    @Override
    public final void run() {
        check();
        pool.run(Math.toIntExact((rows + block - 1) / block), this);
    }

    @Override
    public final void run(int index, int worker) {
        long from = (long) index * block;
        rows(from, Math.min(from + block, rows), worker);
    }

    /** Computes the rows from {@code from} to {@code to}, exclusive, on a thread of this number. */
    void rows(long from, long to, int worker) {
        for (long row = from; row < to; row++) {
            row(row);
        }
    }

    /** Computes one row. */
    abstract void row(long row);
}
