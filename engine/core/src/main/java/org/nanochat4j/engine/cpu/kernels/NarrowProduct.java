package org.nanochat4j.engine.cpu.kernels;

import org.nanochat4j.engine.DType;

/**
 * Products of vectors with a matrix that takes fewer bytes than F32: out (m, n) = x (m, k) wᵀ, with w (n, k) in BF16, or in I8 with a scale for each row.
 *
 * <p>For few vectors, as in decoding, where reading w once bounds the time: up to {@value #DIRECT} multiply w as it is widened in registers, more of them
 * share a copy of four rows in a near cache. Sums are in F32 and in the order of {@link Gemv}, whatever m and the number of threads; the scale of a row
 * multiplies the sum. As there, the four rows that go together are a quarter of a task's rows apart.
 */
public final class NarrowProduct implements Kernel {
    /** Vectors for which widening again is cheaper than writing and reading a copy. */
    private static final int DIRECT = 2;

    /** Tasks that large matrices have; more of them would be shorter to read in one go. */
    private static final int TASKS = 128;

    private static final int LEAST_ELEMENTS = 1 << 15;
    private static final int MOST_ELEMENTS = 1 << 17;
    private static final long VECTOR = 4L * Memory.LANES;
    private static final long SUMS_BYTES = Memory.align(4 * VECTOR);

    private final Parallel pool;
    private final long scratch;
    private final DType stored;
    private final int m;
    private final int n;
    private final int k;
    private final int rowsPerTask;
    private final long x;
    private final long w;
    private final long scales;
    private final long out;
    private final Parallel.Task task = this::rows;

    /**
     * Binds the kernel.
     *
     * @param scratch 64-byte aligned, {@link #scratchBytes} long
     * @param stored BF16 or I8
     * @param shape of the product, whose second matrix is stored (n, k)
     * @param x address of (m, k)
     * @param w address of (n, k)
     * @param scales address of (n) where w is I8
     * @param out address of (m, n)
     */
    public NarrowProduct(
            Parallel pool, long scratch, DType stored, GemmShape shape, long x, long w, long scales, long out) {
        if (stored != DType.BF16 && stored != DType.I8) {
            throw new IllegalArgumentException("no narrow product with " + stored);
        }
        this.pool = pool;
        this.scratch = scratch;
        this.stored = stored;
        this.m = shape.m();
        this.n = shape.n();
        this.k = shape.k();
        int least = Math.max(4, LEAST_ELEMENTS / k);
        this.rowsPerTask = Math.clamp(n / TASKS, least, Math.max(least, MOST_ELEMENTS / k)) & -4;
        this.x = x;
        this.w = w;
        this.scales = scales;
        this.out = out;
    }

    /** Bytes of scratch for a pool of {@code threads}: for each the sums and four rows. */
    public static long scratchBytes(GemmShape shape, int threads) {
        return threads * bytesPerThread(shape.k());
    }

    private static long bytesPerThread(int k) {
        return SUMS_BYTES + 4 * Memory.align(4L * k);
    }

    @Override
    public void run() {
        pool.run(GemmTiling.ceil(n, rowsPerTask), task);
    }

    private void rows(int index, int worker) {
        long sums = scratch + worker * bytesPerThread(k);
        long copies = sums + SUMS_BYTES;
        int to = Math.min(n, (index + 1) * rowsPerTask);
        int first = index * rowsPerTask;
        int quarter = (to - first) / 4;
        for (int row = first; row < first + quarter; row++) {
            if (m <= DIRECT) {
                direct(row, quarter, sums);
            } else {
                shared(row, quarter, sums, copies);
            }
        }
        for (int row = first + 4 * quarter; row < to; row++) {
            NarrowRows.widen(stored, k, row(row), copies);
            for (int i = 0; i < m; i++) {
                write(i, row, Gemv.dot(k, x(i), copies));
            }
        }
    }

    /** Four rows, so many apart, times each vector, widened in registers. */
    private void direct(int row, int apart, long sums) {
        long ldw = (long) apart * k * stored.bytes();
        for (int i = 0; i < m; i++) {
            if (stored == DType.BF16) {
                NarrowRows.fourBf16(k, x(i), row(row), ldw, sums);
            } else {
                NarrowRows.fourI8(k, x(i), row(row), ldw, sums);
            }
            for (int r = 0; r < 4; r++) {
                float sum = Lanes.sum(Memory.load(sums + r * VECTOR));
                int at = row + r * apart;
                write(i, at, NarrowRows.addTail(stored, sum, k, x(i), row(at)));
            }
        }
    }

    /** Four rows, so many apart, widened once, times each vector. */
    private void shared(int row, int apart, long sums, long copies) {
        long ldw = Memory.align(4L * k);
        for (int r = 0; r < 4; r++) {
            NarrowRows.widen(stored, k, row(row + r * apart), copies + r * ldw);
        }
        for (int i = 0; i < m; i++) {
            Gemv.four(k, x(i), copies, ldw, sums);
            for (int r = 0; r < 4; r++) {
                float sum = Lanes.sum(Memory.load(sums + r * VECTOR));
                write(i, row + r * apart, Gemv.addTail(sum, k, x(i), copies + r * ldw));
            }
        }
    }

    private long x(int vector) {
        return x + 4L * vector * k;
    }

    private long row(int row) {
        return w + (long) row * k * stored.bytes();
    }

    private void write(int vector, int row, float sum) {
        float scaled = stored == DType.I8 ? sum * Memory.getFloat(scales + 4L * row) : sum;
        Memory.putFloat(out + 4 * ((long) vector * n + row), scaled);
    }
}
