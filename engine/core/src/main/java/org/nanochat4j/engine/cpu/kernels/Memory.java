package org.nanochat4j.engine.cpu.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Raw access to off-heap memory by address, for kernels.
 *
 * <p>One constant segment spans the whole address space, so that the compiler folds its scope and bounds checks away; kernels are bound to
 * addresses whose extent was checked when the program was compiled. Nothing outside the kernels may use this class.
 */
public final class Memory {
    /** The preferred vector shape of this machine; static and final so that vector code compiles to plain SIMD. */
    public static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

    /** Lanes of {@link #F}. */
    public static final int LANES = F.length();

    /** Alignment in bytes of every buffer: a cache line, and the widest vector. */
    public static final int ALIGNMENT = 64;

    private static final long VECTOR_BYTES = F.vectorByteSize();
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Memory() {}

    /** Loads {@link #LANES} floats. */
    public static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(F, ALL, address, ByteOrder.LITTLE_ENDIAN);
    }

    /** Loads the lanes set in the mask; the others are zero and are not touched in memory. */
    public static FloatVector load(long address, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(F, ALL, address, ByteOrder.LITTLE_ENDIAN, mask);
    }

    /** Stores {@link #LANES} floats. */
    public static void store(FloatVector vector, long address) {
        vector.intoMemorySegment(ALL, address, ByteOrder.LITTLE_ENDIAN);
    }

    /** Stores the lanes set in the mask. */
    public static void store(FloatVector vector, long address, VectorMask<Float> mask) {
        vector.intoMemorySegment(ALL, address, ByteOrder.LITTLE_ENDIAN, mask);
    }

    /** The mask of the first lanes: all of them when there are {@link #LANES} or more. */
    public static VectorMask<Float> mask(int lanes) {
        return F.indexInRange(0, lanes);
    }

    /** Reads one float. */
    public static float getFloat(long address) {
        return ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
    }

    /** Writes one float. */
    public static void putFloat(long address, float value) {
        ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
    }

    /** Reads one 32-bit integer. */
    public static int getInt(long address) {
        return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, address);
    }

    /** Writes one 32-bit integer. */
    public static void putInt(long address, int value) {
        ALL.set(ValueLayout.JAVA_INT_UNALIGNED, address, value);
    }

    /** Reads one 16-bit value. */
    public static short getShort(long address) {
        return ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
    }

    /** Writes one 16-bit value. */
    public static void putShort(long address, short value) {
        ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, value);
    }

    /** Reads one byte, signed. */
    public static byte getByte(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    /** Writes one byte. */
    public static void putByte(long address, byte value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, value);
    }

    /** Copies bytes between buffers that do not overlap. A loop, because bulk operations of segments may allocate slices. */
    public static void copy(long source, long target, long bytes) {
        long i = 0;
        for (; i <= bytes - VECTOR_BYTES; i += VECTOR_BYTES) {
            FloatVector.fromMemorySegment(F, ALL, source + i, ByteOrder.LITTLE_ENDIAN)
                    .intoMemorySegment(ALL, target + i, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < bytes; i++) {
            ALL.set(ValueLayout.JAVA_BYTE, target + i, ALL.get(ValueLayout.JAVA_BYTE, source + i));
        }
    }

    /** Sets bytes to zero. */
    public static void zero(long address, long bytes) {
        long i = 0;
        for (; i <= bytes - VECTOR_BYTES; i += VECTOR_BYTES) {
            FloatVector.zero(F).intoMemorySegment(ALL, address + i, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < bytes; i++) {
            ALL.set(ValueLayout.JAVA_BYTE, address + i, (byte) 0);
        }
    }

    /** Rounds a byte count up to {@link #ALIGNMENT}. */
    public static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
