package org.nanochat4j.engine.tornado.kernels;

/**
 * The numbers of heads of an attention, packed into one argument, because a task takes no more than 20.
 *
 * <p>Compiled kernels contain the numbers as constants, so unpacking costs nothing.
 */
public final class Heads {
    private static final int BITS = 12;

    private Heads() {}

    /**
     * Packs two numbers.
     *
     * @param queries query heads, at most 4095
     * @param keys key-value heads, a divisor of them
     * @return the argument {@code heads} of the attention kernels
     */
    public static int pack(int queries, int keys) {
        if (queries < 1 || queries >= 1 << BITS || keys < 1 || queries % keys != 0) {
            throw new IllegalArgumentException(queries + " query heads with " + keys + " key-value heads; at most "
                    + ((1 << BITS) - 1) + ", and the second divides the first");
        }
        return queries << BITS | keys;
    }

    /** Query heads. */
    static int queries(int heads) {
        return heads >> BITS;
    }

    /** Key-value heads. */
    static int keys(int heads) {
        return heads & ((1 << BITS) - 1);
    }
}
