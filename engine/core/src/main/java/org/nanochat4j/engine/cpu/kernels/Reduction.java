package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.RangeKernel.CHUNK;

import org.nanochat4j.engine.DType;

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
    private final NearRows chunks;
    private final long scratch;
    private final long x;
    private final long z;
    private final long y;
    private final double[] partial;
    private final Parallel.Task task = this::chunk;

    /**
     * Binds the kernel.
     *
     * @param scratch address of {@link #scratchBytes} bytes, 64-byte aligned
     * @param stored type of the operands, F32 or BF16
     * @param elements how many
     * @param x address of the first operand
     * @param z address of the second operand of a dot product; else ignored
     * @param y address of the result, one float
     */
    public Reduction(Parallel pool, long scratch, Kind kind, DType stored, long elements, long x, long z, long y) {
        this.pool = pool;
        this.kind = kind;
        this.elements = elements;
        this.chunks = chunks(stored);
        this.scratch = scratch;
        this.x = x;
        this.z = z;
        this.y = y;
        this.partial = new double[Math.toIntExact((elements + CHUNK - 1) / CHUNK)];
    }

    /** Bytes of scratch for a pool of {@code threads}: chunks of the operands as F32 where they are not. */
    public static long scratchBytes(DType stored, int threads) {
        return 2L * threads * chunks(stored).bytes(1);
    }

    private static NearRows chunks(DType stored) {
        return new NearRows(stored, CHUNK);
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
        long copy = scratch + 2L * worker * chunks.bytes(1);
        long at = near(x, from, count, copy);
        partial[index] = switch (kind) {
            case SUM -> Rowwise.sum(at, count);
            case SQUARES -> Rowwise.dot(at, at, count);
            case DOT -> Rowwise.dot(at, near(z, from, count, copy + chunks.bytes(1)), count);
        };
    }

    /** A chunk as F32. */
    private long near(long operand, long from, int count, long copy) {
        if (chunks.stored() == DType.BF16) {
            Bf16Conversion.widen(count, operand + 2 * from, copy);
        }
        return chunks.at(operand + 4 * from, copy);
    }
}
