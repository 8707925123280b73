package org.nanochat4j.engine.spi;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.engine.TensorType;

/** The memory of one tensor on a device. */
public interface DeviceBuffer {
    /** {@return element type and shape} */
    TensorType type();

    /**
     * Copies from the host.
     *
     * @param offset first byte to write
     * @param source little-endian elements
     */
    void write(long offset, MemorySegment source);

    /**
     * Copies to the host.
     *
     * @param offset first byte to read
     * @param target little-endian elements
     */
    void read(long offset, MemorySegment target);

    /**
     * The same memory under another shape.
     *
     * @param type as many bytes
     * @return a view
     */
    DeviceBuffer view(TensorType type);
}
