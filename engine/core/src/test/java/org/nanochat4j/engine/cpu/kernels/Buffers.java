package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;

/** Off-heap F32 buffers for kernel tests, with a guard behind each: a kernel that writes past an end is found out. */
final class Buffers implements AutoCloseable {
    private static final float GUARD = 12345.678f;
    private static final int GUARDS = 16;

    private final Arena arena = Arena.ofShared();
    private final java.util.List<long[]> guarded = new java.util.ArrayList<>();
    private final Random random;

    Buffers(long seed) {
        random = new Random(seed);
    }

    /** A buffer of {@code count} floats holding NaN, so that what a kernel does not write shows. */
    long empty(long count) {
        long address = arena.allocate(4 * (count + GUARDS), 64).address();
        for (long i = 0; i < count + GUARDS; i++) {
            Memory.putFloat(address + 4 * i, i < count ? Float.NaN : GUARD);
        }
        guarded.add(new long[] {address, count});
        return address;
    }

    /** Scratch of so many bytes, full of NaN. */
    long scratch(long bytes) {
        return empty((bytes + 3) / 4);
    }

    /** A buffer of normal numbers. */
    long normal(long count, double deviation) {
        long address = empty(count);
        for (long i = 0; i < count; i++) {
            Memory.putFloat(address + 4 * i, (float) (deviation * random.nextGaussian()));
        }
        return address;
    }

    long of(float... values) {
        long address = empty(values.length);
        for (int i = 0; i < values.length; i++) {
            Memory.putFloat(address + 4L * i, values[i]);
        }
        return address;
    }

    long ofInts(int... values) {
        long address = empty(values.length);
        for (int i = 0; i < values.length; i++) {
            Memory.putInt(address + 4L * i, values[i]);
        }
        return address;
    }

    void checkGuards() {
        for (long[] buffer : guarded) {
            for (long i = 0; i < GUARDS; i++) {
                assertEquals(GUARD, Memory.getFloat(buffer[0] + 4 * (buffer[1] + i)), "written past the end");
            }
        }
    }

    static float[] floats(long address, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Memory.getFloat(address + 4L * i);
        }
        return values;
    }

    static double[] doubles(long address, int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = Memory.getFloat(address + 4L * i);
        }
        return values;
    }

    /** Compares with an error relative to the largest expected magnitude, or to 1 where that is smaller. */
    static void assertClose(double[] expected, float[] actual, double tolerance, String what) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        largest = Math.max(largest, 1);
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(expected[i] - actual[i]) / largest;
            if (!(error <= tolerance)) {
                throw new AssertionError(what + "[" + i + "] is " + actual[i] + ", expected " + expected[i] + " (error "
                        + error + " of the largest, " + largest + ")");
            }
        }
    }

    /** Runs the kernel until it is compiled, then asserts that this thread allocates nothing in ten more runs. */
    static void assertAllocatesNothing(Kernel kernel, int warmUp) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < warmUp; i++) {
            kernel.run();
        }
        long least = Long.MAX_VALUE;
        // Compilation runs in the background, and on a machine under load it takes its time.
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (least > 0 && System.nanoTime() < deadline) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10; i++) {
                kernel.run();
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            try {
                Thread.sleep(least > 0 ? 20 : 0);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        assertTrue(least == 0, "ten runs allocate " + least + " bytes");
    }

    @Override
    public void close() {
        arena.close();
    }
}
