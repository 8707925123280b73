package org.nanochat4j.model;

/**
 * Bits per byte: the loss in a unit that does not depend on the vocabulary.
 *
 * <p>{@code sum of nats / (ln 2 * sum of bytes)} over the targets that stand for bytes; ignored targets and special tokens count neither way. Sums are
 * kept in double precision.
 */
public final class BitsPerByte {
    private final int[] tokenBytes;
    private double nats;
    private long bytes;

    /**
     * An empty sum.
     *
     * @param tokenBytes bytes of each token, 0 for special tokens
     */
    public BitsPerByte(int[] tokenBytes) {
        this.tokenBytes = tokenBytes.clone();
    }

    /**
     * Adds a batch.
     *
     * @param losses in nats, one per target
     * @param targets ids, negative = ignored
     */
    public void add(float[] losses, int[] targets) {
        if (losses.length != targets.length) {
            throw new IllegalArgumentException(losses.length + " losses for " + targets.length + " targets");
        }
        for (int i = 0; i < targets.length; i++) {
            int size = targets[i] < 0 ? 0 : tokenBytes[targets[i]];
            if (size > 0) {
                nats += losses[i];
                bytes += size;
            }
        }
    }

    /** {@return the bytes so far} */
    public long bytes() {
        return bytes;
    }

    /** {@return the nats so far} */
    public double nats() {
        return nats;
    }

    /** {@return bits per byte, positive infinity if there were no bytes} */
    public double value() {
        return bytes == 0 ? Double.POSITIVE_INFINITY : nats / (Math.log(2) * bytes);
    }
}
