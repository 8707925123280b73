package org.nanochat4j.engine.cpu.kernels;

/** Softcapped logits cap tanh(x wᵀ / cap), cut to the vocabulary, for inference. */
public final class VocabularyLogits implements Kernel {
    /** Floats that one part of the softcap takes. */
    private static final int BLOCK = 1 << 14;

    private final Parallel pool;
    private final Gemm product;
    private final long elements;
    private final float cap;
    private final long out;
    private final Parallel.Task task = this::softcap;

    /**
     * Binds the kernel.
     *
     * @param scratch address of {@link #scratchBytes} bytes, 64-byte aligned
     * @param rows N
     * @param width C
     * @param vocabulary V, how many rows of w count
     * @param cap bound of the logits; positive infinity for none
     * @param x address of (N, C)
     * @param w address of (at least V, C)
     * @param out address of (N, V)
     */
    public VocabularyLogits(
            Parallel pool, long scratch, int rows, int width, int vocabulary, float cap, long x, long w, long out) {
        this.pool = pool;
        this.product = new Gemm(pool, scratch, GemmShape.of(rows, vocabulary, width, false, true), false, x, w, out);
        this.elements = (long) rows * vocabulary;
        this.cap = cap;
        this.out = out;
    }

    /** Bytes of scratch for a pool of {@code threads}. */
    public static long scratchBytes(int rows, int width, int vocabulary, int threads) {
        return Gemm.scratchBytes(GemmShape.of(rows, vocabulary, width, false, true), threads);
    }

    @Override
    public void run() {
        product.run();
        if (cap != Float.POSITIVE_INFINITY) {
            pool.run(Math.toIntExact((elements + BLOCK - 1) / BLOCK), task);
        }
    }

    private void softcap(int index, int worker) {
        long first = (long) index * BLOCK;
        long at = out + 4 * first;
        VectorMath.tanh(at, at, Math.min(BLOCK, elements - first), 1 / cap, cap);
    }
}
