package org.nanochat4j.engine.cpu.kernels;

/** Softcapped logits cap tanh(x wᵀ / cap), cut to the vocabulary, for inference. */
public final class VocabularyLogits implements Kernel {
    /** Floats that one part of the softcap takes. */
    private static final int BLOCK = 1 << 14;

    private final Parallel pool;
    private final Kernel product;
    private final long elements;
    private final float cap;
    private final long out;
    private final Parallel.Task task = this::softcap;

    /**
     * Binds the kernel.
     *
     * @param product computes x wᵀ into out
     * @param elements N V, how many there are
     * @param cap bound of the logits; positive infinity for none
     * @param out address of (N, V)
     */
    public VocabularyLogits(Parallel pool, Kernel product, long elements, float cap, long out) {
        this.pool = pool;
        this.product = product;
        this.elements = elements;
        this.cap = cap;
        this.out = out;
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
