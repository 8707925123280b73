package org.nanochat4j.engine;

/** Element types of tensors. Parameters and optimizer state are F32; ids and positions are I32. */
public enum DType {
    /** IEEE single precision. */
    F32(4, true),
    /** The upper half of an IEEE single: eight exponent bits, seven fraction bits. */
    BF16(2, true),
    /** IEEE half precision. */
    F16(2, true),
    /** Signed 32-bit integers. */
    I32(4, false),
    /** Signed 8-bit integers: weights that stand for themselves times a scale of their row. */
    I8(1, false),
    /** IEEE double precision, in the reference interpreter only. */
    F64(8, true);

    private final int bytes;
    private final boolean floating;

    DType(int bytes, boolean floating) {
        this.bytes = bytes;
        this.floating = floating;
    }

    /** {@return bytes of one element} */
    public int bytes() {
        return bytes;
    }

    /** {@return whether elements are floating-point numbers} */
    public boolean isFloating() {
        return floating;
    }
}
