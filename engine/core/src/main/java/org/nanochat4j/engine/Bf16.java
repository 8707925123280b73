package org.nanochat4j.engine;

/** Single numbers in BF16, which is the upper half of an F32. */
public final class Bf16 {
    private static final int INFINITY = 0x7f800000;
    private static final int QUIET = 0x400000;

    private Bf16() {}

    /**
     * Widens, which is exact.
     *
     * @param bits a number of BF16
     * @return the same number
     */
    public static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /**
     * Rounds to nearest, ties to even; NaN stays NaN.
     *
     * @param value any number
     * @return the bits of the nearest number of BF16, or of infinity beyond the largest
     */
    public static short bits(float value) {
        int bits = Float.floatToRawIntBits(value);
        boolean nan = (bits & 0x7fffffff) > INFINITY;
        int rounded = bits + 0x7fff + ((bits >>> 16) & 1);
        return (short) ((nan ? bits | QUIET : rounded) >>> 16);
    }

    /**
     * Rounds to nearest, ties to even; NaN stays NaN.
     *
     * @param value any number
     * @return the nearest number of BF16
     */
    public static float round(float value) {
        return toFloat(bits(value));
    }
}
