package org.nanochat4j.engine.nn;

/**
 * A counter-based generator: the n-th number of a stream is a pure function of seed, stream and n, so it can be had in any order, by any thread.
 *
 * <p>Philox 4x32 with ten rounds. Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */
public final class Philox {
    private static final int MULTIPLIER_0 = 0xD2511F53;
    private static final int MULTIPLIER_1 = 0xCD9E8D57;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final int ROUNDS = 10;

    private final int key0;
    private final int key1;
    private final long stream;
    private final int[] block = new int[4];
    private long blockIndex = -1;

    /**
     * A stream of numbers.
     *
     * @param seed chosen by the user
     * @param stream which of the seed's streams
     */
    public Philox(long seed, long stream) {
        this.key0 = (int) seed;
        this.key1 = (int) (seed >>> 32);
        this.stream = stream;
    }

    /**
     * One of the stream's 32-bit words.
     *
     * @param index which
     * @return 32 random bits
     */
    public int word(long index) {
        long wanted = index >> 2;
        if (wanted != blockIndex) {
            generate(wanted);
        }
        return block[(int) (index & 3)];
    }

    private void generate(long counter) {
        int c0 = (int) counter;
        int c1 = (int) (counter >>> 32);
        int c2 = (int) stream;
        int c3 = (int) (stream >>> 32);
        int k0 = key0;
        int k1 = key1;
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (MULTIPLIER_0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (MULTIPLIER_1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            c0 = n0;
            c2 = n2;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        block[0] = c0;
        block[1] = c1;
        block[2] = c2;
        block[3] = c3;
        blockIndex = counter;
    }

    /**
     * A number uniform in [0, 1).
     *
     * @param index which number of the stream
     * @return a multiple of 2^-24
     */
    public float uniform(long index) {
        return (word(index) >>> 8) * 0x1.0p-24f;
    }

    /**
     * A standard normal number, by the Box-Muller transform of two words.
     *
     * @param index which number of the stream
     * @return mean 0, variance 1
     */
    public float normal(long index) {
        long pair = index >> 1;
        double radius = Math.sqrt(-2 * StrictMath.log(((word(2 * pair) >>> 8) + 1) * 0x1.0p-24));
        double angle = 2 * Math.PI * ((word(2 * pair + 1) >>> 8) * 0x1.0p-24);
        return (float) (radius * ((index & 1) == 0 ? StrictMath.cos(angle) : StrictMath.sin(angle)));
    }
}
