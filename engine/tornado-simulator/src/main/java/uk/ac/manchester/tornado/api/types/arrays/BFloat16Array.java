package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;
import uk.ac.manchester.tornado.api.types.BFloat16;

/** BF16 elements outside the heap, as their bits. */
public final class BFloat16Array extends TornadoNativeArray {
    private static final int BYTES = Short.BYTES;

    private final Cells cells;

    /**
     * Allocates an array of zeros.
     *
     * @param numberOfElements its length
     */
    public BFloat16Array(int numberOfElements) {
        this(Cells.allocate(numberOfElements, BYTES));
    }

    private BFloat16Array(Cells cells) {
        this.cells = cells;
    }

    /** {@return an array with these bits} */
    public static BFloat16Array fromShorts(short... bits) {
        return new BFloat16Array(Cells.copyOf(MemorySegment.ofArray(bits), BYTES));
    }

    /** {@return an array with these values, rounded} */
    public static BFloat16Array fromFloats(float... values) {
        BFloat16Array array = new BFloat16Array(values.length);
        for (int i = 0; i < values.length; i++) {
            array.setFloat(i, values[i]);
        }
        return array;
    }

    /** {@return an array with a copy of a segment's elements} */
    public static BFloat16Array fromSegment(MemorySegment segment) {
        return new BFloat16Array(Cells.copyOf(segment, BYTES));
    }

    /** {@return an array on this very memory, whose first {@link #ARRAY_HEADER} bytes are the header} */
    public static BFloat16Array fromSegmentShallow(MemorySegment segment) {
        return new BFloat16Array(Cells.over(segment, BYTES));
    }

    /** Writes one element. */
    public void set(int index, short bits) {
        cells.putShort(index, bits);
    }

    /** {@return one element} */
    public short get(int index) {
        return cells.getShort(index);
    }

    /** Writes every element. */
    public void init(short bits) {
        for (int i = 0; i < getSize(); i++) {
            set(i, bits);
        }
    }

    /** Writes one element, rounded. */
    public void setFloat(int index, float value) {
        cells.putShort(index, BFloat16.bf16FromFloat(value));
    }

    /** {@return one element, exactly} */
    public float getFloat(int index) {
        return BFloat16.bf16ToFloat(cells.getShort(index));
    }

    /** {@return the elements' bits} */
    public short[] toShortArray() {
        short[] bits = new short[getSize()];
        MemorySegment.copy(getSegment(), 0, MemorySegment.ofArray(bits), 0, (long) BYTES * bits.length);
        return bits;
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
    public BFloat16Array slice(int offset, int length) {
        return new BFloat16Array(cells.slice(offset, length));
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    BFloat16Array over(Cells device) {
        return new BFloat16Array(device);
    }
}
