package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;

/**
 * Products of few vectors with a matrix stored row by row: out (i, j) = x (i) · w (j), both contiguous in k. The shape of decoding.
 *
 * <p>Bound by reading w once. Four rows of w are summed at a time, two vectors of each per step, so that eight chains hide the latency; the other
 * vectors x find those rows in the first-level cache. The four are a quarter of the range apart: so the processor sees four long streams and fetches ahead,
 * which it does not learn to within rows of a kilobyte (twice the speed there). The order of the sum depends on k and the vector length alone.
 */
final class Gemv {
    private static final int LANES = Memory.LANES;
    private static final long VECTOR = 4L * LANES;

    private Gemv() {}

    /**
     * Computes a range of rows of w against all x.
     *
     * @param count vectors x
     * @param ldx bytes from one x to the next
     * @param rows rows of w
     * @param ldw bytes from one row of w to the next
     * @param outX bytes from the output of one x to that of the next
     * @param outW bytes from the output of one row of w to that of the next
     * @param sums scratch for four vectors, aligned
     */
    static void run(
            int count,
            int rows,
            int k,
            long x,
            long ldx,
            long w,
            long ldw,
            long out,
            long outX,
            long outW,
            boolean add,
            long sums) {
        long quarter = rows / 4;
        for (long q = 0; q < quarter; q++) {
            for (int i = 0; i < count; i++) {
                four(k, x + i * ldx, w + q * ldw, quarter * ldw, sums);
                for (int r = 0; r < 4; r++) {
                    long row = q + r * quarter;
                    float sum = Lanes.sum(fromMemorySegment(F, ALL, sums + r * VECTOR, LITTLE_ENDIAN));
                    write(out + i * outX + row * outW, addTail(sum, k, x + i * ldx, w + row * ldw), add);
                }
            }
        }
        for (long row = 4 * quarter; row < rows; row++) {
            for (int i = 0; i < count; i++) {
                write(out + i * outX + row * outW, dot(k, x + i * ldx, w + row * ldw), add);
            }
        }
    }

    private static void write(long address, float value, boolean add) {
        Memory.putFloat(address, add ? Memory.getFloat(address) + value : value);
    }

    static void four(int k, long x, long w, long ldw, long sums) {
        FloatVector a0 = FloatVector.zero(Memory.F);
        FloatVector a1 = FloatVector.zero(Memory.F);
        FloatVector a2 = FloatVector.zero(Memory.F);
        FloatVector a3 = FloatVector.zero(Memory.F);
        FloatVector b0 = FloatVector.zero(Memory.F);
        FloatVector b1 = FloatVector.zero(Memory.F);
        FloatVector b2 = FloatVector.zero(Memory.F);
        FloatVector b3 = FloatVector.zero(Memory.F);
        long w1 = w + ldw;
        long w2 = w1 + ldw;
        long w3 = w2 + ldw;
        int pairs = k / (2 * LANES);
        for (int p = 0; p < pairs; p++) {
            long at = p * 2L * VECTOR;
            FloatVector xa = fromMemorySegment(F, ALL, x + at, LITTLE_ENDIAN);
            FloatVector xb = fromMemorySegment(F, ALL, x + at + VECTOR, LITTLE_ENDIAN);
            a0 = xa.fma(fromMemorySegment(F, ALL, w + at, LITTLE_ENDIAN), a0);
            a1 = xa.fma(fromMemorySegment(F, ALL, w1 + at, LITTLE_ENDIAN), a1);
            a2 = xa.fma(fromMemorySegment(F, ALL, w2 + at, LITTLE_ENDIAN), a2);
            a3 = xa.fma(fromMemorySegment(F, ALL, w3 + at, LITTLE_ENDIAN), a3);
            b0 = xb.fma(fromMemorySegment(F, ALL, w + at + VECTOR, LITTLE_ENDIAN), b0);
            b1 = xb.fma(fromMemorySegment(F, ALL, w1 + at + VECTOR, LITTLE_ENDIAN), b1);
            b2 = xb.fma(fromMemorySegment(F, ALL, w2 + at + VECTOR, LITTLE_ENDIAN), b2);
            b3 = xb.fma(fromMemorySegment(F, ALL, w3 + at + VECTOR, LITTLE_ENDIAN), b3);
        }
        a0.add(b0).intoMemorySegment(ALL, sums, LITTLE_ENDIAN);
        a1.add(b1).intoMemorySegment(ALL, sums + VECTOR, LITTLE_ENDIAN);
        a2.add(b2).intoMemorySegment(ALL, sums + 2 * VECTOR, LITTLE_ENDIAN);
        a3.add(b3).intoMemorySegment(ALL, sums + 3 * VECTOR, LITTLE_ENDIAN);
    }

    /** One dot product, summed in the order of {@link #four}. */
    static float dot(int k, long x, long w) {
        FloatVector a = FloatVector.zero(Memory.F);
        FloatVector b = FloatVector.zero(Memory.F);
        int pairs = k / (2 * LANES);
        for (int p = 0; p < pairs; p++) {
            long at = p * 2L * VECTOR;
            a = fromMemorySegment(F, ALL, x + at, LITTLE_ENDIAN)
                    .fma(fromMemorySegment(F, ALL, w + at, LITTLE_ENDIAN), a);
            b = fromMemorySegment(F, ALL, x + at + VECTOR, LITTLE_ENDIAN)
                    .fma(fromMemorySegment(F, ALL, w + at + VECTOR, LITTLE_ENDIAN), b);
        }
        return addTail(Lanes.sum(a.add(b)), k, x, w);
    }

    /** Adds the products of the last k mod 2 LANES elements. */
    static float addTail(float sum, int k, long x, long w) {
        float total = sum;
        for (int p = k - k % (2 * LANES); p < k; p++) {
            total = Math.fma(Memory.getFloat(x + 4L * p), Memory.getFloat(w + 4L * p), total);
        }
        return total;
    }
}
