package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.tornado.simulator.Cells;
import org.nanochat4j.tornado.simulator.Doors;

/** An array outside the heap, which a device can copy. */
public abstract sealed class TornadoNativeArray
        permits ByteArray, DoubleArray, FloatArray, HalfFloatArray, IntArray, LongArray, ShortArray, BFloat16Array {
    /** Bytes before the first element. */
    public static final long ARRAY_HEADER = Long.parseLong(Long.toString(Cells.HEADER));

    static {
        Doors.open(new Doors.Arrays() {
            @Override
            public Cells cells(TornadoNativeArray array) {
                return array.cells();
            }

            @Override
            public TornadoNativeArray over(TornadoNativeArray like, Cells cells) {
                return like.over(cells);
            }
        });
    }

    /** For the arrays of this package. */
    public TornadoNativeArray() {}

    /** {@return elements} */
    public abstract int getSize();

    /** {@return the elements} */
    public abstract MemorySegment getSegment();

    /** {@return header and elements} */
    public abstract MemorySegment getSegmentWithHeader();

    /** {@return bytes of header and elements} */
    public abstract long getNumBytesOfSegmentWithHeader();

    /** {@return bytes of the elements} */
    public abstract long getNumBytesOfSegment();

    /** {@return bytes of an element} */
    public abstract int getElementSize();

    /** Sets all elements to zero. */
    protected void clear() {}

    abstract Cells cells();

    abstract TornadoNativeArray over(Cells device);
}
