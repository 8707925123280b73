package org.nanochat4j.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Traffic between memory and processor, over arrays that no cache holds.
 *
 * <p>As in STREAM (McCalpin 1995) the bytes are those that the loop names: 4 per element read, 8 copied, 12 of a triad; what a processor fetches
 * before it overwrites a line is not counted.
 *
 * @param read bytes per second of a sum
 * @param copy bytes per second of {@code a = b}
 * @param triad bytes per second of {@code a = b + s * c}
 */
public record Bandwidth(double read, double copy, double triad) {
    private static final VectorSpecies<Float> LANES = FloatVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int VECTOR = LANES.vectorByteSize();
    private static final int ALIGNMENT = 64;
    /** A multiple of everything that a loop steps over. */
    private static final int BLOCK = 4096;

    private static final int WARM_UP = 5;
    private static final int ROUNDS = 10;

    /**
     * Measures.
     *
     * @param threads that share the arrays
     * @param megabytes of each of three arrays, 10⁶ bytes
     * @return the rates
     */
    public static Bandwidth measure(int threads, int megabytes) {
        long part = megabytes * 1_000_000L / threads / BLOCK * BLOCK;
        long size = part * threads;
        float[] sums = new float[threads];
        // outside the heap, which would keep the memory, and given back at once
        try (Team team = new Team(threads);
                Arena arena = Arena.ofShared()) {
            MemorySegment a = arena.allocate(size, ALIGNMENT);
            MemorySegment b = arena.allocate(size, ALIGNMENT);
            MemorySegment c = arena.allocate(size, ALIGNMENT);
            double read = team.best(WARM_UP, ROUNDS, index -> sums[index] = sum(b, index * part, part));
            double copy = team.best(WARM_UP, ROUNDS, index -> copy(a, b, index * part, part));
            double triad = team.best(WARM_UP, ROUNDS, index -> triad(a, b, c, index * part, part));
            return new Bandwidth(size / read, 2 * size / copy, 3 * size / triad);
        }
    }

    /** {@return the highest of the rates: what a kernel's traffic is compared with} */
    public double best() {
        return Math.max(read, Math.max(copy, triad));
    }

    /** Four sums side by side. */
    private static float sum(MemorySegment b, long from, long bytes) {
        FloatVector s0 = FloatVector.zero(LANES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (long i = from; i < from + bytes; i += 4L * VECTOR) {
            s0 = s0.add(FloatVector.fromMemorySegment(LANES, b, i, ORDER));
            s1 = s1.add(FloatVector.fromMemorySegment(LANES, b, i + VECTOR, ORDER));
            s2 = s2.add(FloatVector.fromMemorySegment(LANES, b, i + 2L * VECTOR, ORDER));
            s3 = s3.add(FloatVector.fromMemorySegment(LANES, b, i + 3L * VECTOR, ORDER));
        }
        return s0.add(s1).add(s2).add(s3).lane(0);
    }

    /** By vectors: the class library's copy may write past the caches, which kernels do not. */
    private static void copy(MemorySegment a, MemorySegment b, long from, long bytes) {
        for (long i = from; i < from + bytes; i += VECTOR) {
            FloatVector.fromMemorySegment(LANES, b, i, ORDER).intoMemorySegment(a, i, ORDER);
        }
    }

    private static void triad(MemorySegment a, MemorySegment b, MemorySegment c, long from, long bytes) {
        FloatVector factor = FloatVector.broadcast(LANES, 3f);
        for (long i = from; i < from + bytes; i += VECTOR) {
            FloatVector.fromMemorySegment(LANES, c, i, ORDER)
                    .fma(factor, FloatVector.fromMemorySegment(LANES, b, i, ORDER))
                    .intoMemorySegment(a, i, ORDER);
        }
    }
}
