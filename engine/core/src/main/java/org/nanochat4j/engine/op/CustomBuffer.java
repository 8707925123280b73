package org.nanochat4j.engine.op;

import org.nanochat4j.engine.TensorType;

/** The elements of a tensor as a custom op's kernel sees them; doubles in the reference, floats or integers elsewhere. */
public interface CustomBuffer {
    /** {@return element type and shape} */
    TensorType type();

    /**
     * Reads one element.
     *
     * @param index row-major, 0 to elements - 1
     * @return the value
     */
    double get(long index);

    /**
     * Writes one element, rounding to the element type.
     *
     * @param index row-major, 0 to elements - 1
     * @param value the value
     */
    void set(long index, double value);
}
