package org.nanochat4j.engine.cpu.kernels;

/** A kernel over elements that do not depend on each other, split into chunks of a fixed size; {@link Gemm#then} runs it in parts of its own. */
public abstract class RangeKernel implements Kernel, Parallel.Task {
    /** Elements of a chunk: a multiple of every vector length, and small enough to balance the threads. */
    static final int CHUNK = 1 << 14;

    private final Parallel pool;
    private final long elements;

    RangeKernel(Parallel pool, long elements) {
        this.pool = pool;
        this.elements = elements;
    }

    @Override
    public final void run() {
        pool.run(Math.toIntExact((elements + CHUNK - 1) / CHUNK), this);
    }

    @Override
    public final void run(int index, int worker) {
        long from = (long) index * CHUNK;
        range(from, Math.min(from + CHUNK, elements));
    }

    /** Computes the elements from (a multiple of the vector length) to to, exclusive. */
    abstract void range(long from, long to);
}
