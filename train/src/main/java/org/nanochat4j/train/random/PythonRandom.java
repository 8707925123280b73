package org.nanochat4j.train.random;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Python's {@code random.Random} for integer seeds: the same seed gives the same numbers, shuffles and samples.
 *
 * <p>The generator is MT19937 seeded by {@code init_by_array} (Matsumoto and Nishimura 1998, and their 2002 initialisation).
 * Few-shot draws, task mixtures and document order of the reference depend on it. Not thread-safe.
 */
public final class PythonRandom {

    private static final int N = 624;
    private static final int M = 397;

    private final int[] state = new int[N];
    private int next = N;

    /**
     * A generator as {@code random.Random(seed)} makes it.
     *
     * @param seed any value; as in Python its sign is ignored
     */
    public PythonRandom(long seed) {
        // |Long.MIN_VALUE| is right as an unsigned number
        long magnitude = Math.abs(seed);
        int high = (int) (magnitude >>> 32);
        initialise(high == 0 ? new int[] {(int) magnitude} : new int[] {(int) magnitude, high});
    }

    /** Returns a number in [0, 1) with 53 random bits. */
    public double random() {
        int a = next32() >>> 5;
        int b = next32() >>> 6;
        return (a * 67108864.0 + b) / 9007199254740992.0;
    }

    /**
     * Random bits as an unsigned number.
     *
     * @param bits 0 to 64; with 64 the result is to be read as unsigned
     */
    public long getrandbits(int bits) {
        if (bits < 0 || bits > 64) {
            throw new IllegalArgumentException("getrandbits: bits must be 0 to 64, not " + bits);
        }
        if (bits == 0) {
            return 0;
        }
        if (bits <= 32) {
            return Integer.toUnsignedLong(next32() >>> (32 - bits));
        }
        // words come least significant first; the last one gives its top bits
        long low = Integer.toUnsignedLong(next32());
        long high = Integer.toUnsignedLong(next32() >>> (64 - bits));
        return high << 32 | low;
    }

    /**
     * An integer in [0, n), by rejection: as many bits as n has, drawn until they are below n.
     *
     * @param n at least 1
     */
    public int randbelow(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("randbelow: n must be at least 1, not " + n);
        }
        int bits = 32 - Integer.numberOfLeadingZeros(n);
        long value = getrandbits(bits);
        while (value >= n) {
            value = getrandbits(bits);
        }
        return (int) value;
    }

    /** Shuffles the list in place, as {@code random.shuffle}. */
    public <T> void shuffle(List<T> list) {
        for (int i = list.size() - 1; i >= 1; i--) {
            int j = randbelow(i + 1);
            T held = list.get(i);
            list.set(i, list.get(j));
            list.set(j, held);
        }
    }

    /** Shuffles the array in place, as {@code random.shuffle}. */
    public void shuffle(int[] array) {
        for (int i = array.length - 1; i >= 1; i--) {
            int j = randbelow(i + 1);
            int held = array[i];
            array[i] = array[j];
            array[j] = held;
        }
    }

    /**
     * One element of a non-empty list, as {@code random.choice}.
     *
     * @throws IllegalArgumentException if the list is empty
     */
    public <T> T choice(List<T> list) {
        return list.get(randbelow(list.size()));
    }

    /**
     * {@code k} different elements in draw order, as {@code random.sample}.
     *
     * <p>As in Python, small populations are drawn from a shrinking pool and large ones by rejecting indices already drawn; the
     * two give different samples, so the boundary between them matters.
     *
     * @throws IllegalArgumentException unless {@code 0 <= k <= population.size()}
     */
    public <T> List<T> sample(List<T> population, int k) {
        int n = population.size();
        if (k < 0 || k > n) {
            throw new IllegalArgumentException("sample: cannot draw " + k + " of " + n);
        }
        return n <= poolLimit(k) ? sampleFromPool(population, k) : sampleByRejection(population, k);
    }

    private <T> List<T> sampleFromPool(List<T> population, int k) {
        int n = population.size();
        var pool = new ArrayList<T>(population);
        var drawn = new ArrayList<T>(k);
        for (int i = 0; i < k; i++) {
            int j = randbelow(n - i);
            drawn.add(pool.get(j));
            pool.set(j, pool.get(n - i - 1));
        }
        return drawn;
    }

    private <T> List<T> sampleByRejection(List<T> population, int k) {
        Set<Integer> taken = new TreeSet<>();
        var drawn = new ArrayList<T>(k);
        while (drawn.size() < k) {
            int j = randbelow(population.size());
            if (taken.add(j)) {
                drawn.add(population.get(j));
            }
        }
        return drawn;
    }

    /** Largest population drawn from a pool: 21, plus the power of four at or above 3k when k exceeds 5. */
    private static long poolLimit(int k) {
        if (k <= 5) {
            return 21;
        }
        long power = 1;
        while (power < 3L * k) {
            power *= 4;
        }
        return 21 + power;
    }

    private void initialise(int[] key) {
        state[0] = 19650218;
        for (int i = 1; i < N; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
        }
        int i = 1;
        int j = 0;
        for (int k = Math.max(N, key.length); k > 0; k--) {
            state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >>> 30) * 1664525) + key[j] + j;
            i = advance(i);
            j = (j + 1) % key.length;
        }
        for (int k = N - 1; k > 0; k--) {
            state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >>> 30) * 1566083941) - i;
            i = advance(i);
        }
        state[0] = 0x80000000;
    }

    /** The next index of the initialisation; on wrapping, word 0 takes over the value of the last word. */
    private int advance(int i) {
        if (i + 1 < N) {
            return i + 1;
        }
        state[0] = state[N - 1];
        return 1;
    }

    private int next32() {
        if (next == N) {
            twist();
            next = 0;
        }
        int y = state[next++];
        y ^= y >>> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        return y ^ y >>> 18;
    }

    private void twist() {
        for (int i = 0; i < N; i++) {
            int y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
            state[i] = state[(i + M) % N] ^ y >>> 1 ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
        }
    }
}
