package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;

/** I32 elements outside the heap. */
public final class IntArray extends TornadoNativeArray {
    private static final int BYTES = Integer.BYTES;

    private final Cells cells;

    /**
     * Allocates an array of zeros.
     *
     * @param numberOfElements its length
     */
    public IntArray(int numberOfElements) {
        this(Cells.allocate(numberOfElements, BYTES));
    }

    private IntArray(Cells cells) {
        this.cells = cells;
    }

    /** {@return an array with these elements} */
    public static IntArray fromArray(int[] values) {
        return fromElements(values);
    }

    /** {@return an array with these elements} */
    public static IntArray fromElements(int... values) {
        IntArray array = new IntArray(values.length);
        MemorySegment.copy(MemorySegment.ofArray(values), 0, array.getSegment(), 0, (long) BYTES * values.length);
        return array;
    }

    /** {@return an array with a copy of a segment's elements} */
    public static IntArray fromSegment(MemorySegment segment) {
        return new IntArray(Cells.copyOf(segment, BYTES));
    }

    /** {@return an array on this very memory, whose first {@link #ARRAY_HEADER} bytes are the header} */
    public static IntArray fromSegmentShallow(MemorySegment segment) {
        return new IntArray(Cells.over(segment, BYTES));
    }

    /** Writes one element. */
    public void set(int index, int value) {
        cells.putInt(index, value);
    }

    /** {@return one element} */
    public int get(int index) {
        return cells.getInt(index);
    }

    /** Writes every element. */
    public void init(int value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    /** {@return the elements} */
    public int[] toHeapArray() {
        int[] values = new int[getSize()];
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
    public IntArray slice(int offset, int length) {
        return new IntArray(cells.slice(offset, length));
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    IntArray over(Cells device) {
        return new IntArray(device);
    }
}
