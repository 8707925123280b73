package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;

/**
 * Rows of a matrix of BF16 or I8, widened to F32 in registers: products of four rows with a vector, and copies of rows as F32.
 *
 * <p>The order of every sum is that of {@link Gemv}, so numbers that both formats hold give the same bits.
 */
final class NarrowRows {
    private static final int LANES = Memory.LANES;
    private static final long VECTOR = 4L * LANES;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

    /** No vector is shorter than eight bytes: where a quarter of the lanes' bytes is less, one load serves two vectors of floats. */
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, F.vectorBitSize() / 4)));

    private static final int SECOND_LOAD = LANES == 4 ? 0 : LANES;
    private static final int SECOND_PART = LANES == 4 ? 1 : 0;

    private NarrowRows() {}

    /** Vectors of products of four rows of BF16 with x, to be added across their lanes; the last k mod 2 LANES elements are left out. */
    static void fourBf16(int k, long x, long w, long ldw, long sums) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector b2 = FloatVector.zero(F);
        FloatVector b3 = FloatVector.zero(F);
        int pairs = k / (2 * LANES);
        for (int p = 0; p < pairs; p++) {
            long at = x + p * 2L * VECTOR;
            long r0 = w + p * VECTOR;
            long r1 = r0 + ldw;
            long r2 = r1 + ldw;
            long r3 = r2 + ldw;
            long half = VECTOR / 2;
            FloatVector xa = fromMemorySegment(F, ALL, at, LITTLE_ENDIAN);
            FloatVector xb = fromMemorySegment(F, ALL, at + VECTOR, LITTLE_ENDIAN);
            a0 = xa.fma(
                    ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, r0, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats(),
                    a0);
            a1 = xa.fma(
                    ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, r1, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats(),
                    a1);
            a2 = xa.fma(
                    ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, r2, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats(),
                    a2);
            a3 = xa.fma(
                    ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, r3, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats(),
                    a3);
            b0 = xb.fma(
                    ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, r0 + half, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats(),
                    b0);
            b1 = xb.fma(
                    ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, r1 + half, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats(),
                    b1);
            b2 = xb.fma(
                    ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, r2 + half, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats(),
                    b2);
            b3 = xb.fma(
                    ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, r3 + half, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats(),
                    b3);
        }
        a0.add(b0).intoMemorySegment(ALL, sums, LITTLE_ENDIAN);
        a1.add(b1).intoMemorySegment(ALL, sums + VECTOR, LITTLE_ENDIAN);
        a2.add(b2).intoMemorySegment(ALL, sums + 2 * VECTOR, LITTLE_ENDIAN);
        a3.add(b3).intoMemorySegment(ALL, sums + 3 * VECTOR, LITTLE_ENDIAN);
    }

    /** The same of four rows of I8. */
    static void fourI8(int k, long x, long w, long ldw, long sums) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector b2 = FloatVector.zero(F);
        FloatVector b3 = FloatVector.zero(F);
        int pairs = k / (2 * LANES);
        for (int p = 0; p < pairs; p++) {
            long at = x + p * 2L * VECTOR;
            long r0 = w + p * 2L * LANES;
            long r1 = r0 + ldw;
            long r2 = r1 + ldw;
            long r3 = r2 + ldw;
            FloatVector xa = fromMemorySegment(F, ALL, at, LITTLE_ENDIAN);
            FloatVector xb = fromMemorySegment(F, ALL, at + VECTOR, LITTLE_ENDIAN);
            a0 = xa.fma(
                    (FloatVector) ByteVector.fromMemorySegment(BYTES, ALL, r0, LITTLE_ENDIAN)
                            .convertShape(B2F, F, 0),
                    a0);
            a1 = xa.fma(
                    (FloatVector) ByteVector.fromMemorySegment(BYTES, ALL, r1, LITTLE_ENDIAN)
                            .convertShape(B2F, F, 0),
                    a1);
            a2 = xa.fma(
                    (FloatVector) ByteVector.fromMemorySegment(BYTES, ALL, r2, LITTLE_ENDIAN)
                            .convertShape(B2F, F, 0),
                    a2);
            a3 = xa.fma(
                    (FloatVector) ByteVector.fromMemorySegment(BYTES, ALL, r3, LITTLE_ENDIAN)
                            .convertShape(B2F, F, 0),
                    a3);
            b0 = xb.fma(
                    (FloatVector) ByteVector.fromMemorySegment(BYTES, ALL, r0 + SECOND_LOAD, LITTLE_ENDIAN)
                            .convertShape(B2F, F, SECOND_PART),
                    b0);
            b1 = xb.fma(
                    (FloatVector) ByteVector.fromMemorySegment(BYTES, ALL, r1 + SECOND_LOAD, LITTLE_ENDIAN)
                            .convertShape(B2F, F, SECOND_PART),
                    b1);
            b2 = xb.fma(
                    (FloatVector) ByteVector.fromMemorySegment(BYTES, ALL, r2 + SECOND_LOAD, LITTLE_ENDIAN)
                            .convertShape(B2F, F, SECOND_PART),
                    b2);
            b3 = xb.fma(
                    (FloatVector) ByteVector.fromMemorySegment(BYTES, ALL, r3 + SECOND_LOAD, LITTLE_ENDIAN)
                            .convertShape(B2F, F, SECOND_PART),
                    b3);
        }
        a0.add(b0).intoMemorySegment(ALL, sums, LITTLE_ENDIAN);
        a1.add(b1).intoMemorySegment(ALL, sums + VECTOR, LITTLE_ENDIAN);
        a2.add(b2).intoMemorySegment(ALL, sums + 2 * VECTOR, LITTLE_ENDIAN);
        a3.add(b3).intoMemorySegment(ALL, sums + 3 * VECTOR, LITTLE_ENDIAN);
    }

    /** Copies elements of BF16 or I8 as F32. */
    static void widen(DType stored, int count, long from, long to) {
        if (stored == DType.BF16) {
            Bf16Conversion.widen(count, from, to);
            return;
        }
        int pairs = count / (2 * LANES);
        for (int p = 0; p < pairs; p++) {
            long at = from + p * 2L * LANES;
            ByteVector.fromMemorySegment(BYTES, ALL, at, LITTLE_ENDIAN)
                    .convertShape(B2F, F, 0)
                    .intoMemorySegment(ALL, to + p * 2L * VECTOR, LITTLE_ENDIAN);
            ByteVector.fromMemorySegment(BYTES, ALL, at + SECOND_LOAD, LITTLE_ENDIAN)
                    .convertShape(B2F, F, SECOND_PART)
                    .intoMemorySegment(ALL, to + p * 2L * VECTOR + VECTOR, LITTLE_ENDIAN);
        }
        for (int i = pairs * 2 * LANES; i < count; i++) {
            Memory.putFloat(to + 4L * i, Memory.getByte(from + i));
        }
    }

    /** Adds the products of the last k mod 2 LANES elements. */
    static float addTail(DType stored, float sum, int k, long x, long row) {
        float total = sum;
        for (int p = k - k % (2 * LANES); p < k; p++) {
            total = Math.fma(Memory.getFloat(x + 4L * p), get(stored, row, p), total);
        }
        return total;
    }

    private static float get(DType stored, long row, int index) {
        return stored == DType.BF16 ? Bf16.toFloat(Memory.getShort(row + 2L * index)) : Memory.getByte(row + index);
    }
}
