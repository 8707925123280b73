package org.nanochat4j.engine.cpu.kernels;

import org.nanochat4j.engine.DType;

/**
 * The shape of causal attention: q and out are (batch, time, heads, headSize), k and v (batch, time, kvHeads, headSize).
 *
 * <p>The query at position t sees the keys max(0, t - window) to t. Query head h uses key head h / (heads / kvHeads).
 *
 * @param batch rows
 * @param time positions of a row
 * @param heads query heads, a multiple of {@code kvHeads}
 * @param kvHeads key and value heads
 * @param headSize channels of a head
 * @param window how many positions back a query sees; {@code time} or more is plain causal attention
 * @param stored type of q, k, v and out, F32 or BF16
 */
public record AttentionShape(int batch, int time, int heads, int kvHeads, int headSize, int window, DType stored) {
    /** Checks that dimensions are positive and that the key heads divide the heads. */
    public AttentionShape {
        if (batch < 1 || time < 1 || heads < 1 || kvHeads < 1 || headSize < 1 || window < 0) {
            throw new IllegalArgumentException(
                    "attention needs positive dimensions and a window of at least 0: batch " + batch
                            + ", time " + time + ", heads " + heads + ", kvHeads " + kvHeads + ", headSize " + headSize
                            + ", window "
                            + window);
        }
        if (heads % kvHeads != 0) {
            throw new IllegalArgumentException(
                    "attention: " + kvHeads + " key heads do not divide " + heads + " heads");
        }
        window = Math.min(window, time);
    }

    /** Attention over F32. */
    public AttentionShape(int batch, int time, int heads, int kvHeads, int headSize, int window) {
        this(batch, time, heads, kvHeads, headSize, window, DType.F32);
    }

    /** Query heads that share one key head. */
    public int group() {
        return heads / kvHeads;
    }

    /** Bytes from one position to the next in q and out. */
    long queryStride() {
        return (long) stored.bytes() * heads * headSize;
    }

    /** Bytes from one position to the next in k and v. */
    long keyStride() {
        return (long) stored.bytes() * kvHeads * headSize;
    }

    /** Byte offset of a query: (b, t, head, 0). */
    long query(int b, int t, int head) {
        return stored.bytes() * (((long) b * time + t) * heads + head) * headSize;
    }

    /** Byte offset of a key: (b, t, kvHead, 0). */
    long key(int b, int t, int kvHead) {
        return stored.bytes() * (((long) b * time + t) * kvHeads + kvHead) * headSize;
    }

    /** Rows of one head. */
    NearRows rows() {
        return new NearRows(stored, headSize);
    }

    /** The first key that the query at position t sees. */
    int firstKey(int t) {
        return Math.max(0, t - window);
    }

    /** Pairs of a query and a key it sees, over all rows and heads: 4 headSize FLOPs each in the forward pass, 10 in the backward. */
    public long pairs() {
        long w = Math.min(window, time - 1);
        long perHead = w * (w + 1) / 2 + (time - w) * (w + 1);
        return perHead * batch * heads;
    }
}
