package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.RangeKernel.CHUNK;

/** Sums over all elements: one partial sum for each chunk of fixed size, then added up in order in double precision. */
public final class Reduction implements Kernel {
    /** What is summed. */
    public enum Kind {
        /** x. */
        SUM,
        /** x². */
        SQUARES,
        /** x ∘ z. */
        DOT
    }

    private final Parallel pool;
    private final Kind kind;
    private final long elements;
    private final long x;
    private final long z;
    private final long y;
    private final double[] partial;
    private final Parallel.Task task = this::chunk;

    /**
     * Binds the kernel.
     *
     * @param elements how many
     * @param x address of the first operand
     * @param z address of the second operand of a dot product; else ignored
     * @param y address of the result, one float
     */
    public Reduction(Parallel pool, Kind kind, long elements, long x, long z, long y) {
        this.pool = pool;
        this.kind = kind;
        this.elements = elements;
        this.x = x;
        this.z = z;
        this.y = y;
        this.partial = new double[Math.toIntExact((elements + CHUNK - 1) / CHUNK)];
    }

    @Override
    public void run() {
        pool.run(partial.length, task);
        double total = 0;
        for (double part : partial) {
            total += part;
        }
        Memory.putFloat(y, (float) total);
    }

    private void chunk(int index, int worker) {
        long from = (long) index * CHUNK;
        int count = (int) Math.min(CHUNK, elements - from);
        long at = x + 4 * from;
        partial[index] = switch (kind) {
            case SUM -> Rowwise.sum(at, count);
            case SQUARES -> Rowwise.dot(at, at, count);
            case DOT -> Rowwise.dot(at, z + 4 * from, count);
        };
    }
}
