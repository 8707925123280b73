package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;

/** F64 elements outside the heap. */
public final class DoubleArray extends TornadoNativeArray {
    private static final int BYTES = Double.BYTES;

    private final Cells cells;

    /**
     * Allocates an array of zeros.
     *
     * @param numberOfElements its length
     */
    public DoubleArray(int numberOfElements) {
        this(Cells.allocate(numberOfElements, BYTES));
    }

    private DoubleArray(Cells cells) {
        this.cells = cells;
    }

    /** {@return an array with these elements} */
    public static DoubleArray fromArray(double[] values) {
        return fromElements(values);
    }

    /** {@return an array with these elements} */
    public static DoubleArray fromElements(double... values) {
        DoubleArray array = new DoubleArray(values.length);
        MemorySegment.copy(MemorySegment.ofArray(values), 0, array.getSegment(), 0, (long) BYTES * values.length);
        return array;
    }

    /** {@return an array with a copy of a segment's elements} */
    public static DoubleArray fromSegment(MemorySegment segment) {
        return new DoubleArray(Cells.copyOf(segment, BYTES));
    }

    /** {@return an array on this very memory, whose first {@link #ARRAY_HEADER} bytes are the header} */
    public static DoubleArray fromSegmentShallow(MemorySegment segment) {
        return new DoubleArray(Cells.over(segment, BYTES));
    }

    /** Writes one element. */
    public void set(int index, double value) {
        cells.putDouble(index, value);
    }

    /** {@return one element} */
    public double get(int index) {
        return cells.getDouble(index);
    }

    /** Writes every element. */
    public void init(double value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    /** {@return the elements} */
    public double[] toHeapArray() {
        double[] values = new double[getSize()];
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
    public DoubleArray slice(int offset, int length) {
        return new DoubleArray(cells.slice(offset, length));
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    DoubleArray over(Cells device) {
        return new DoubleArray(device);
    }
}
