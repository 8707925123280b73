package org.nanochat4j.tornado.simulator;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** The memory of one native array, on the host or on the simulated device: a header, then the elements. */
public final class Cells {
    /** Bytes before the first element. */
    public static final long HEADER = 16;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final MemorySegment segment;
    private final MemorySegment data;
    private final int elementBytes;
    private final int count;
    private @Nullable Watch watch;

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
    Cells onDevice() {
        Cells cells = allocate(count, elementBytes);
        Poison.fill(cells.data);
        if (Simulator.checking()) {
            cells.watch = new Watch(cells);
        }
        return cells;
    }

    /** Copies from other memory of the same shape, as a transfer does. */
    void load(Cells other) {
        data.copyFrom(other.data);
        if (watch != null) {
            watch.allWritten();
        }
    }

    /** {@return elements} */
    public int count() {
        return count;
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
        reads(index);
        return data.get(FLOAT, (long) index * Float.BYTES);
    }

    /** {@return an element} */
    public double getDouble(int index) {
        reads(index);
        return data.get(DOUBLE, (long) index * Double.BYTES);
    }

    /** {@return an element} */
    public int getInt(int index) {
        reads(index);
        return data.get(INT, (long) index * Integer.BYTES);
    }

    /** {@return an element} */
    public long getLong(int index) {
        reads(index);
        return data.get(LONG, (long) index * Long.BYTES);
    }

    /** {@return an element} */
    public short getShort(int index) {
        reads(index);
        return data.get(SHORT, (long) index * Short.BYTES);
    }

    /** {@return an element} */
    public byte getByte(int index) {
        reads(index);
        return data.get(ValueLayout.JAVA_BYTE, index);
    }

    /** Writes an element. */
    public void putFloat(int index, float value) {
        writes(index);
        data.set(FLOAT, (long) index * Float.BYTES, value);
    }

    /** Writes an element. */
    public void putDouble(int index, double value) {
        writes(index);
        data.set(DOUBLE, (long) index * Double.BYTES, value);
    }

    /** Writes an element. */
    public void putInt(int index, int value) {
        writes(index);
        data.set(INT, (long) index * Integer.BYTES, value);
    }

    /** Writes an element. */
    public void putLong(int index, long value) {
        writes(index);
        data.set(LONG, (long) index * Long.BYTES, value);
    }

    /** Writes an element. */
    public void putShort(int index, short value) {
        writes(index);
        data.set(SHORT, (long) index * Short.BYTES, value);
    }

    /** Writes an element. */
    public void putByte(int index, byte value) {
        writes(index);
        data.set(ValueLayout.JAVA_BYTE, index, value);
    }

    /** Adds, as one step. */
    void add(int index, int value) {
        atomically(index);
        data.set(INT, (long) index * Integer.BYTES, data.get(INT, (long) index * Integer.BYTES) + value);
    }

    /** Adds, as one step. */
    void add(int index, long value) {
        atomically(index);
        data.set(LONG, (long) index * Long.BYTES, data.get(LONG, (long) index * Long.BYTES) + value);
    }

    /** Adds, as one step. */
    void add(int index, float value) {
        atomically(index);
        data.set(FLOAT, (long) index * Float.BYTES, data.get(FLOAT, (long) index * Float.BYTES) + value);
    }

    /** {@return an element as bits, unobserved} */
    long bits(int index) {
        long at = (long) index * elementBytes;
        return switch (elementBytes) {
            case Byte.BYTES -> data.get(ValueLayout.JAVA_BYTE, at);
            case Short.BYTES -> data.get(SHORT, at);
            case Integer.BYTES -> data.get(INT, at);
            default -> data.get(LONG, at);
        };
    }

    /** Writes an element as bits, unobserved. */
    void bits(int index, long bits) {
        long at = (long) index * elementBytes;
        switch (elementBytes) {
            case Byte.BYTES -> data.set(ValueLayout.JAVA_BYTE, at, (byte) bits);
            case Short.BYTES -> data.set(SHORT, at, (short) bits);
            case Integer.BYTES -> data.set(INT, at, (int) bits);
            default -> data.set(LONG, at, bits);
        }
    }

    @Nullable
    Watch watch() {
        return watch;
    }

    private void reads(int index) {
        if (watch != null) {
            watch.read(index);
        }
    }

    private void writes(int index) {
        if (watch != null) {
            watch.write(index, false);
        }
    }

    private void atomically(int index) {
        if (watch != null) {
            watch.write(index, true);
        }
    }
}
