package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;

/** I64 elements outside the heap. */
public final class LongArray extends TornadoNativeArray {
    private static final int BYTES = Long.BYTES;

    private final Cells cells;

    /**
     * Allocates an array of zeros.
     *
     * @param numberOfElements its length
     */
    public LongArray(int numberOfElements) {
        this(Cells.allocate(numberOfElements, BYTES));
    }

    private LongArray(Cells cells) {
        this.cells = cells;
    }

    /** {@return an array with these elements} */
    public static LongArray fromArray(long[] values) {
        return fromElements(values);
    }

    /** {@return an array with these elements} */
    public static LongArray fromElements(long... values) {
        LongArray array = new LongArray(values.length);
        MemorySegment.copy(MemorySegment.ofArray(values), 0, array.getSegment(), 0, (long) BYTES * values.length);
        return array;
    }

    /** {@return an array with a copy of a segment's elements} */
    public static LongArray fromSegment(MemorySegment segment) {
        return new LongArray(Cells.copyOf(segment, BYTES));
    }

    /** {@return an array on this very memory, whose first {@link #ARRAY_HEADER} bytes are the header} */
    public static LongArray fromSegmentShallow(MemorySegment segment) {
        return new LongArray(Cells.over(segment, BYTES));
    }

    /** Writes one element. */
    public void set(int index, long value) {
        cells.putLong(index, value);
    }

    /** {@return one element} */
    public long get(int index) {
        return cells.getLong(index);
    }

    /** Writes every element. */
    public void init(long value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    /** {@return the elements} */
    public long[] toHeapArray() {
        long[] values = new long[getSize()];
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
    public LongArray slice(int offset, int length) {
        return new LongArray(cells.slice(offset, length));
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    LongArray over(Cells device) {
        return new LongArray(device);
    }
}
