package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;

/** 16-bit elements outside the heap. */
public final class ShortArray extends TornadoNativeArray {
    private static final int BYTES = Short.BYTES;

    private final Cells cells;

    /**
     * Allocates an array of zeros.
     *
     * @param numberOfElements its length
     */
    public ShortArray(int numberOfElements) {
        this(Cells.allocate(numberOfElements, BYTES));
    }

    private ShortArray(Cells cells) {
        this.cells = cells;
    }

    /** {@return an array with these elements} */
    public static ShortArray fromArray(short[] values) {
        return fromElements(values);
    }

    /** {@return an array with these elements} */
    public static ShortArray fromElements(short... values) {
        ShortArray array = new ShortArray(values.length);
        MemorySegment.copy(MemorySegment.ofArray(values), 0, array.getSegment(), 0, (long) BYTES * values.length);
        return array;
    }

    /** {@return an array with a copy of a segment's elements} */
    public static ShortArray fromSegment(MemorySegment segment) {
        return new ShortArray(Cells.copyOf(segment, BYTES));
    }

    /** {@return an array on this very memory, whose first {@link #ARRAY_HEADER} bytes are the header} */
    public static ShortArray fromSegmentShallow(MemorySegment segment) {
        return new ShortArray(Cells.over(segment, BYTES));
    }

    /** Writes one element. */
    public void set(int index, short value) {
        cells.putShort(index, value);
    }

    /** {@return one element} */
    public short get(int index) {
        return cells.getShort(index);
    }

    /** Writes every element. */
    public void init(short value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    /** {@return the elements} */
    public short[] toHeapArray() {
        short[] values = new short[getSize()];
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
    public ShortArray slice(int offset, int length) {
        return new ShortArray(cells.slice(offset, length));
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    ShortArray over(Cells device) {
        return new ShortArray(device);
    }
}
