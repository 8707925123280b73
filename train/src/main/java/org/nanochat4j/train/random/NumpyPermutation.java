package org.nanochat4j.train.random;

/**
 * {@code numpy.random.default_rng(seed).permutation(n)}: the order in which the reference shuffles its evaluation and task data.
 *
 * <p>A SeedSequence (O'Neill's seed_seq_fe) fills a PCG64 (XSL-RR, 128-bit state; O'Neill 2014), whose 32-bit halves drive a
 * Fisher-Yates shuffle with masked rejection.
 */
public final class NumpyPermutation {

    private NumpyPermutation() {}

    /**
     * The permutation of 0 to n-1.
     *
     * @param seed not negative
     * @param n number of elements, not negative
     */
    public static int[] of(long seed, int n) {
        if (seed < 0 || n < 0) {
            throw new IllegalArgumentException(
                    "NumpyPermutation: seed and n must not be negative, got " + seed + " and " + n);
        }
        var generator = new Pcg64(SeedSequence.words(seed));
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        for (int i = n - 1; i >= 1; i--) {
            int j = generator.atMost(i);
            int held = order[i];
            order[i] = order[j];
            order[j] = held;
        }
        return order;
    }

    /** Spreads a seed over four 64-bit words. */
    static final class SeedSequence {

        private static final int INIT_A = 0x43b0d7e5;
        private static final int MULT_A = 0x931e8875;
        private static final int INIT_B = 0x8b51f9dd;
        private static final int MULT_B = 0x58f38ded;
        private static final int MIX_L = 0xca01f9dd;
        private static final int MIX_R = 0x4973f715;

        private final int[] pool = new int[4];
        private int hash = INIT_A;

        private SeedSequence(long seed) {
            int[] entropy = {(int) seed, (int) (seed >>> 32), 0, 0};
            for (int i = 0; i < pool.length; i++) {
                pool[i] = hashmix(entropy[i]);
            }
            for (int source = 0; source < pool.length; source++) {
                for (int target = 0; target < pool.length; target++) {
                    if (source != target) {
                        pool[target] = mix(pool[target], hashmix(pool[source]));
                    }
                }
            }
        }

        static long[] words(long seed) {
            int[] pool = new SeedSequence(seed).pool;
            long[] words = new long[4];
            int hash = INIT_B;
            for (int i = 0; i < 8; i++) {
                int value = pool[i % 4] ^ hash;
                hash *= MULT_B;
                value *= hash;
                value ^= value >>> 16;
                // low half first
                words[i / 2] |= Integer.toUnsignedLong(value) << 32 * (i % 2);
            }
            return words;
        }

        private int hashmix(int value) {
            int mixed = value ^ hash;
            hash *= MULT_A;
            mixed *= hash;
            return mixed ^ mixed >>> 16;
        }

        private static int mix(int x, int y) {
            int mixed = MIX_L * x - MIX_R * y;
            return mixed ^ mixed >>> 16;
        }
    }

    /** The generator; 128-bit numbers are pairs of longs. */
    private static final class Pcg64 {

        private static final long MULT_HIGH = 2549297995355413924L;
        private static final long MULT_LOW = 4865540595714422341L;

        private final long incHigh;
        private final long incLow;
        private long high;
        private long low;
        private long buffered;
        private boolean hasBuffered;

        Pcg64(long[] words) {
            incHigh = words[2] << 1 | words[3] >>> 63;
            incLow = words[3] << 1 | 1;
            step();
            add(words[0], words[1]);
            step();
        }

        /** An integer in [0, bound], by masking 32-bit draws and rejecting those above. */
        int atMost(int bound) {
            int mask = -1 >>> Integer.numberOfLeadingZeros(bound);
            int value = next32() & mask;
            while (value > bound) {
                value = next32() & mask;
            }
            return value;
        }

        private int next32() {
            if (hasBuffered) {
                hasBuffered = false;
                return (int) (buffered >>> 32);
            }
            buffered = next64();
            hasBuffered = true;
            return (int) buffered;
        }

        private long next64() {
            step();
            return Long.rotateRight(high ^ low, (int) (high >>> 58));
        }

        private void step() {
            long productHigh = Math.unsignedMultiplyHigh(low, MULT_LOW) + high * MULT_LOW + low * MULT_HIGH;
            low *= MULT_LOW;
            high = productHigh;
            add(incHigh, incLow);
        }

        private void add(long otherHigh, long otherLow) {
            long sum = low + otherLow;
            high += otherHigh + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
            low = sum;
        }
    }
}
