package org.nanochat4j.model;

/** Element types of the safetensors format; read as floats are F32, F16, BF16 and F64, as integers I32 and I64. */
public enum StoredType {
    /** IEEE double precision. */
    F64(8),
    /** IEEE single precision. */
    F32(4),
    /** IEEE half precision. */
    F16(2),
    /** Upper half of an IEEE single. */
    BF16(2),
    /** Signed, 64 bits. */
    I64(8),
    /** Signed, 32 bits. */
    I32(4),
    /** Signed, 16 bits. */
    I16(2),
    /** Signed, 8 bits. */
    I8(1),
    /** Unsigned, 64 bits. */
    U64(8),
    /** Unsigned, 32 bits. */
    U32(4),
    /** Unsigned, 16 bits. */
    U16(2),
    /** Unsigned, 8 bits. */
    U8(1),
    /** One byte per truth value. */
    BOOL(1);

    private final int bytes;

    StoredType(int bytes) {
        this.bytes = bytes;
    }

    /** {@return bytes of one element} */
    public int bytes() {
        return bytes;
    }
}
