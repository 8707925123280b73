package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A part of an array, to be copied to the host. */
public class DataRange {
    private final TornadoNativeArray array;
    private long offset;
    private long size;
    private boolean materialized;

    /** The whole array. */
    public DataRange(TornadoNativeArray tornadoNativeArray) {
        array = tornadoNativeArray;
    }

    /** Sets the first element. */
    public DataRange withOffset(long offset) {
        this.offset = offset;
        return this;
    }

    /** Sets the number of elements; 0 means as many as the whole array has. */
    public DataRange withSize(long size) {
        this.size = size;
        return this;
    }

    /** Fixes the range. */
    public void materialize() {
        long end = (size == 0 ? array.getSize() : size) + offset;
        if (end > array.getSize()) {
            throw new TornadoRuntimeException("a partial copy ends at element " + end + " of an array of "
                    + array.getSize() + " elements; mind that withOffset needs withSize too");
        }
        materialized = true;
    }

    /** {@return the first byte, counted with the array's header} */
    public long getOffset() {
        requireMaterialized();
        return TornadoNativeArray.ARRAY_HEADER + offset * array.getElementSize();
    }

    /** {@return bytes} */
    public long getPartialSize() {
        requireMaterialized();
        return size == 0 ? array.getNumBytesOfSegment() : size * array.getElementSize();
    }

    /** {@return the array} */
    public TornadoNativeArray getArray() {
        return array;
    }

    private void requireMaterialized() {
        if (!materialized) {
            throw new TornadoRuntimeException("call materialize() before reading a range");
        }
    }
}
