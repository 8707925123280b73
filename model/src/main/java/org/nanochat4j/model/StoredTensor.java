package org.nanochat4j.model;

import java.util.List;

/**
 * What a safetensors header says of one tensor.
 *
 * @param name unique in the file
 * @param type element type
 * @param shape extents, outermost first; empty for a single number
 * @param begin first byte, counted from the end of the header
 * @param end first byte behind
 */
public record StoredTensor(String name, StoredType type, List<Long> shape, long begin, long end) {
    /**
     * An entry.
     *
     * @param name unique in the file
     * @param type element type
     * @param shape extents, outermost first
     * @param begin first byte
     * @param end first byte behind
     */
    public StoredTensor {
        shape = List.copyOf(shape);
    }

    /** {@return the number of elements} */
    public long elements() {
        return (end - begin) / type.bytes();
    }
}
