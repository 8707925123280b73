package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;

/** F32 elements outside the heap. */
public final class FloatArray extends TornadoNativeArray {
    private static final int BYTES = Float.BYTES;

    private final Cells cells;

    /**
     * Allocates an array of zeros.
     *
     * @param numberOfElements its length
     */
    public FloatArray(int numberOfElements) {
        this(Cells.allocate(numberOfElements, BYTES));
    }

    private FloatArray(Cells cells) {
        this.cells = cells;
    }

    /** {@return an array with these elements} */
    public static FloatArray fromArray(float[] values) {
        return fromElements(values);
    }

    /** {@return an array with these elements} */
    public static FloatArray fromElements(float... values) {
        FloatArray array = new FloatArray(values.length);
        MemorySegment.copy(MemorySegment.ofArray(values), 0, array.getSegment(), 0, (long) BYTES * values.length);
        return array;
    }

    /** {@return an array with a copy of a segment's elements} */
    public static FloatArray fromSegment(MemorySegment segment) {
        return new FloatArray(Cells.copyOf(segment, BYTES));
    }

    /** {@return an array on this very memory, whose first {@link #ARRAY_HEADER} bytes are the header} */
    public static FloatArray fromSegmentShallow(MemorySegment segment) {
        return new FloatArray(Cells.over(segment, BYTES));
    }

    /** Writes one element. */
    public void set(int index, float value) {
        cells.putFloat(index, value);
    }

    /** {@return one element} */
    public float get(int index) {
        return cells.getFloat(index);
    }

    /** Writes every element. */
    public void init(float value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    /** {@return the elements} */
    public float[] toHeapArray() {
        float[] values = new float[getSize()];
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
    public FloatArray slice(int offset, int length) {
        return new FloatArray(cells.slice(offset, length));
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    FloatArray over(Cells device) {
        return new FloatArray(device);
    }
}
