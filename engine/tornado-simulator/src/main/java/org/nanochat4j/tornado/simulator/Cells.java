package org.nanochat4j.tornado.simulator;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The memory of one native array, on the host or on the simulated device: a header, then the elements. */
public final class Cells {
    /** Bytes before the first element. */
    public static final long HEADER = 16;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /** NaN as F32, F64, F16 and BF16, and far out of every range as an int. */
    private static final short POISON = 0x7fde;

    private final MemorySegment segment;
    private final MemorySegment data;
    private final int elementBytes;
    private final int count;

    private Cells(MemorySegment segment, int elementBytes) {
        this.segment = segment;
        this.elementBytes = elementBytes;
        data = segment.asSlice(HEADER);
        if (data.byteSize() % elementBytes != 0) {
            throw new IllegalArgumentException(
                    data.byteSize() + " bytes are not a whole number of elements of " + elementBytes + " bytes");
        }
        count = Math.toIntExact(data.byteSize() / elementBytes);
        segment.set(INT, 0, count);
    }

    /** {@return new memory of zeros} */
    public static Cells allocate(int count, int elementBytes) {
        return new Cells(Arena.ofAuto().allocate(HEADER + (long) count * elementBytes, 64), elementBytes);
    }

    /** {@return new memory with a copy of these elements} */
    public static Cells copyOf(MemorySegment elements, int elementBytes) {
        Cells cells = allocate(Math.toIntExact(elements.byteSize() / elementBytes), elementBytes);
        cells.data.copyFrom(elements);
        return cells;
    }

    /** {@return this very memory, whose first {@link #HEADER} bytes are the header} */
    public static Cells over(MemorySegment segment, int elementBytes) {
        return new Cells(segment, elementBytes);
    }

    /** {@return a copy of some elements} */
    public Cells slice(int offset, int length) {
        return copyOf(data.asSlice((long) offset * elementBytes, (long) length * elementBytes), elementBytes);
    }

    /** {@return memory of the same shape full of garbage, as a device gives it} */
    Cells poisoned() {
        Cells cells = allocate(count, elementBytes);
        for (long i = 0; i + 1 < cells.data.byteSize(); i += Short.BYTES) {
            cells.data.set(SHORT, i, POISON);
        }
        return cells;
    }

    /** {@return elements} */
    public int count() {
        return count;
    }

    int elementBytes() {
        return elementBytes;
    }

    /** {@return the elements} */
    public MemorySegment data() {
        return data;
    }

    /** {@return header and elements} */
    public MemorySegment withHeader() {
        return segment;
    }

    /** Sets all to zero. */
    public void clear() {
        data.fill((byte) 0);
    }

    /** {@return an element} */
    public float getFloat(int index) {
        return data.get(FLOAT, (long) index * Float.BYTES);
    }

    /** {@return an element} */
    public double getDouble(int index) {
        return data.get(DOUBLE, (long) index * Double.BYTES);
    }

    /** {@return an element} */
    public int getInt(int index) {
        return data.get(INT, (long) index * Integer.BYTES);
    }

    /** {@return an element} */
    public long getLong(int index) {
        return data.get(LONG, (long) index * Long.BYTES);
    }

    /** {@return an element} */
    public short getShort(int index) {
        return data.get(SHORT, (long) index * Short.BYTES);
    }

    /** {@return an element} */
    public byte getByte(int index) {
        return data.get(ValueLayout.JAVA_BYTE, index);
    }

    /** Writes an element. */
    public void putFloat(int index, float value) {
        data.set(FLOAT, (long) index * Float.BYTES, value);
    }

    /** Writes an element. */
    public void putDouble(int index, double value) {
        data.set(DOUBLE, (long) index * Double.BYTES, value);
    }

    /** Writes an element. */
    public void putInt(int index, int value) {
        data.set(INT, (long) index * Integer.BYTES, value);
    }

    /** Writes an element. */
    public void putLong(int index, long value) {
        data.set(LONG, (long) index * Long.BYTES, value);
    }

    /** Writes an element. */
    public void putShort(int index, short value) {
        data.set(SHORT, (long) index * Short.BYTES, value);
    }

    /** Writes an element. */
    public void putByte(int index, byte value) {
        data.set(ValueLayout.JAVA_BYTE, index, value);
    }
}
