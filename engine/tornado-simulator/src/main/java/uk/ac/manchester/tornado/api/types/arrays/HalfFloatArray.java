package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** F16 elements outside the heap. */
public final class HalfFloatArray extends TornadoNativeArray {
    private static final int BYTES = Short.BYTES;

    private final Cells cells;

    /**
     * Allocates an array of zeros.
     *
     * @param numberOfElements its length
     */
    public HalfFloatArray(int numberOfElements) {
        this(Cells.allocate(numberOfElements, BYTES));
    }

    private HalfFloatArray(Cells cells) {
        this.cells = cells;
    }

    /** {@return an array with these elements} */
    public static HalfFloatArray fromArray(HalfFloat[] values) {
        return fromElements(values);
    }

    /** {@return an array with these elements} */
    public static HalfFloatArray fromElements(HalfFloat... values) {
        HalfFloatArray array = new HalfFloatArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    /** {@return an array with a copy of a segment's elements} */
    public static HalfFloatArray fromSegment(MemorySegment segment) {
        return new HalfFloatArray(Cells.copyOf(segment, BYTES));
    }

    /** {@return an array on this very memory, whose first {@link #ARRAY_HEADER} bytes are the header} */
    public static HalfFloatArray fromSegmentShallow(MemorySegment segment) {
        return new HalfFloatArray(Cells.over(segment, BYTES));
    }

    /** Writes one element. */
    public void set(int index, HalfFloat value) {
        cells.putShort(index, value.getHalfFloatValue());
    }

    /** {@return one element} */
    public HalfFloat get(int index) {
        return new HalfFloat(cells.getShort(index));
    }

    /** Writes every element. */
    public void init(HalfFloat value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    /** {@return the elements} */
    public HalfFloat[] toHeapArray() {
        HalfFloat[] values = new HalfFloat[getSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /** {@return the elements' bits} */
    public short[] toShortArray() {
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
    public HalfFloatArray slice(int offset, int length) {
        return new HalfFloatArray(cells.slice(offset, length));
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    HalfFloatArray over(Cells device) {
        return new HalfFloatArray(device);
    }
}
