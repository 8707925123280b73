package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GT;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * What the loss does to one tile of logits: vocabulary down, rows of x across the lanes.
 *
 * <p>Loops call nothing but the JDK's vectors, for the reason given at {@link VectorMath}.
 */
final class LossTile {
    private static final long VECTOR_BYTES = 4L * LANES;

    private LossTile() {}

    /** Raises running maxima (columns) to those of a tile (count, columns) with rows {@code ld} bytes apart. */
    static void raiseMaximum(long tile, long ld, int count, int columns, long maximum) {
        for (long j = 0; j < 4L * columns; j += VECTOR_BYTES) {
            FloatVector max = fromMemorySegment(F, ALL, maximum + j, LITTLE_ENDIAN);
            for (int i = 0; i < count; i++) {
                FloatVector s = fromMemorySegment(F, ALL, tile + i * ld + j, LITTLE_ENDIAN);
                max = max.blend(s, s.compare(GT, max));
            }
            max.intoMemorySegment(ALL, maximum + j, LITTLE_ENDIAN);
        }
    }

    /**
     * Adds exponentials to running sums and multiplies them by the slope of the softcap: sum += e, z becomes e (1 - (slope z)²).
     *
     * @param z address of the softcapped logits (count, columns)
     * @param e address of their exponentials, laid out like z
     * @param sum address of the sums (columns)
     */
    static void addExponentials(long z, long e, long ld, int count, int columns, long sum, float slope) {
        FloatVector minusSlope = broadcast(F, -slope);
        for (long j = 0; j < 4L * columns; j += VECTOR_BYTES) {
            // A sum for the tile first: 64 small roundings instead of thousands in one long sum.
            FloatVector total = FloatVector.zero(F);
            for (int i = 0; i < count; i++) {
                long at = i * ld + j;
                FloatVector exponential = fromMemorySegment(F, ALL, e + at, LITTLE_ENDIAN);
                FloatVector s = fromMemorySegment(F, ALL, z + at, LITTLE_ENDIAN);
                total = total.add(exponential);
                FloatVector tanh = s.mul(slope);
                FloatVector derivative = tanh.mul(s).fma(minusSlope, broadcast(F, 1f));
                exponential.mul(derivative).intoMemorySegment(ALL, z + at, LITTLE_ENDIAN);
            }
            fromMemorySegment(F, ALL, sum + j, LITTLE_ENDIAN).add(total).intoMemorySegment(ALL, sum + j, LITTLE_ENDIAN);
        }
    }

    /**
     * The same for one row of vectors: its sum is returned, z becomes e (1 - (slope z)²).
     *
     * @param z address of the softcapped logits
     * @param e address of their exponentials
     */
    static float addRow(long z, long e, int vectors, float slope) {
        FloatVector minusSlope = broadcast(F, -slope);
        FloatVector total = FloatVector.zero(F);
        for (long at = 0; at < vectors * VECTOR_BYTES; at += VECTOR_BYTES) {
            FloatVector exponential = fromMemorySegment(F, ALL, e + at, LITTLE_ENDIAN);
            FloatVector s = fromMemorySegment(F, ALL, z + at, LITTLE_ENDIAN);
            total = total.add(exponential);
            FloatVector derivative = s.mul(slope).mul(s).fma(minusSlope, broadcast(F, 1f));
            exponential.mul(derivative).intoMemorySegment(ALL, z + at, LITTLE_ENDIAN);
        }
        return Lanes.sum(total);
    }

    /** Multiplies each row of panels (rows, WIDTH), one after the other, by its factor. */
    static void scaleRows(long panels, int count, int rows, long factors) {
        long at = panels;
        for (int panel = 0; panel < count; panel++) {
            for (int i = 0; i < rows; i++) {
                FloatVector factor = broadcast(F, Memory.getFloat(factors + 4L * i));
                factor.mul(fromMemorySegment(F, ALL, at, LITTLE_ENDIAN)).intoMemorySegment(ALL, at, LITTLE_ENDIAN);
                factor.mul(fromMemorySegment(F, ALL, at + VECTOR_BYTES, LITTLE_ENDIAN))
                        .intoMemorySegment(ALL, at + VECTOR_BYTES, LITTLE_ENDIAN);
                at += Panels.BYTES;
            }
        }
    }

    /** Writes or adds the first {@code columns} columns of a panel (rows, WIDTH) to a matrix with rows {@code ld} bytes apart. */
    static void putColumns(long panel, int rows, int columns, long matrix, long ld, boolean add) {
        for (int j = 0; j < columns; j += LANES) {
            VectorMask<Float> mask = F.indexInRange(j, columns);
            for (int i = 0; i < rows; i++) {
                long at = matrix + i * ld + 4L * j;
                FloatVector value = fromMemorySegment(F, ALL, panel + i * Panels.BYTES + 4L * j, LITTLE_ENDIAN);
                FloatVector sum = value;
                if (add) {
                    sum = value.add(fromMemorySegment(F, ALL, at, LITTLE_ENDIAN, mask));
                }
                sum.intoMemorySegment(ALL, at, LITTLE_ENDIAN, mask);
            }
        }
    }

    /** Adds {@code terms} arrays of floats, {@code stride} bytes apart, to the array in front of them, in order. */
    static void addTerms(long target, int terms, long stride, long floats) {
        for (long i = 0; i < 4 * floats; i += VECTOR_BYTES) {
            FloatVector sum = fromMemorySegment(F, ALL, target + i, LITTLE_ENDIAN);
            for (int term = 1; term <= terms; term++) {
                sum = sum.add(fromMemorySegment(F, ALL, target + term * stride + i, LITTLE_ENDIAN));
            }
            sum.intoMemorySegment(ALL, target + i, LITTLE_ENDIAN);
        }
    }
}
