package org.nanochat4j.train.eval;

/**
 * Bits per byte: the loss in a unit that does not depend on the tokenizer, {@code nats / (ln 2 · bytes)}.
 *
 * <p>Targets below 0 are ignored; targets that stand for no bytes (special tokens) count neither as loss nor as bytes. Source: the
 * reference's loss evaluation. Sums are double and exact integers.
 */
public final class BitsPerByte {

    private final int[] tokenBytes;
    private double nats;
    private long bytes;

    /**
     * Nothing counted yet.
     *
     * @param tokenBytes bytes of each token, 0 for special tokens; shape (vocabulary)
     */
    public BitsPerByte(int[] tokenBytes) {
        this.tokenBytes = tokenBytes.clone();
    }

    /**
     * Counts positions.
     *
     * @param losses in nats, at least as many as targets
     * @param targets token ids, below 0 = ignored
     */
    public void add(float[] losses, int[] targets) {
        for (int i = 0; i < targets.length; i++) {
            int length = targets[i] < 0 ? 0 : tokenBytes[targets[i]];
            if (length > 0) {
                nats += losses[i];
                bytes += length;
            }
        }
    }

    /** Loss counted so far. */
    public double nats() {
        return nats;
    }

    /** Bytes counted so far. */
    public long bytes() {
        return bytes;
    }

    /** Bits per byte; positive infinity if no byte was counted. */
    public double value() {
        return bytes == 0 ? Double.POSITIVE_INFINITY : nats / (Math.log(2) * bytes);
    }
}
