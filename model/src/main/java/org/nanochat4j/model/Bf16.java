package org.nanochat4j.model;

/** Conversions of the 16-bit formats found in checkpoints. BF16 is the upper half of an F32. */
final class Bf16 {
    private Bf16() {}

    /** The value of these 16 bits. */
    static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The nearest BF16 value, ties to even; for finite numbers. */
    static float round(float value) {
        int bits = Float.floatToRawIntBits(value);
        int bias = 0x7FFF + ((bits >>> 16) & 1);
        return Float.intBitsToFloat((bits + bias) & 0xFFFF0000);
    }
}
