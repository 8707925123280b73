package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;

/** Bytes outside the heap. */
public final class ByteArray extends TornadoNativeArray {
    private static final int BYTES = Byte.BYTES;

    private final Cells cells;

    /**
     * Allocates an array of zeros.
     *
     * @param numberOfElements its length
     */
    public ByteArray(int numberOfElements) {
        this(Cells.allocate(numberOfElements, BYTES));
    }

    private ByteArray(Cells cells) {
        this.cells = cells;
    }

    /** {@return an array with these elements} */
    public static ByteArray fromArray(byte[] values) {
        return fromElements(values);
    }

    /** {@return an array with these elements} */
    public static ByteArray fromElements(byte... values) {
        ByteArray array = new ByteArray(values.length);
        MemorySegment.copy(MemorySegment.ofArray(values), 0, array.getSegment(), 0, (long) BYTES * values.length);
        return array;
    }

    /** {@return an array with a copy of a segment's elements} */
    public static ByteArray fromSegment(MemorySegment segment) {
        return new ByteArray(Cells.copyOf(segment, BYTES));
    }

    /** {@return an array on this very memory, whose first {@link #ARRAY_HEADER} bytes are the header} */
    public static ByteArray fromSegmentShallow(MemorySegment segment) {
        return new ByteArray(Cells.over(segment, BYTES));
    }

    /** Writes one element. */
    public void set(int index, byte value) {
        cells.putByte(index, value);
    }

    /** {@return one element} */
    public byte get(int index) {
        return cells.getByte(index);
    }

    /** Writes every element. */
    public void init(byte value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    /** {@return the elements} */
    public byte[] toHeapArray() {
        byte[] values = new byte[getSize()];
        MemorySegment.copy(getSegment(), 0, MemorySegment.ofArray(values), 0, (long) BYTES * values.length);
        return values;
    }

    @Override
    public void clear() {
        cells.clear();
    }

    @Override
    public int getElementSize() {
        return BYTES;
    }

    @Override
    public int getSize() {
        return cells.count();
    }

    @Override
    public MemorySegment getSegment() {
        return cells.data();
    }

    @Override
    public MemorySegment getSegmentWithHeader() {
        return cells.withHeader();
    }

    @Override
    public long getNumBytesOfSegment() {
        return cells.data().byteSize();
    }

    @Override
    public long getNumBytesOfSegmentWithHeader() {
        return cells.withHeader().byteSize();
    }

    /** {@return a copy of some elements} */
    public ByteArray slice(int offset, int length) {
        return new ByteArray(cells.slice(offset, length));
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    ByteArray over(Cells device) {
        return new ByteArray(device);
    }
}
