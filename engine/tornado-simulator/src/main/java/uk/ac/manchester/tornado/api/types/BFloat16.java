package uk.ac.manchester.tornado.api.types;

/** Conversions between F32 and the bits of BF16. */
public final class BFloat16 {
    /** The largest finite value. */
    public static final float BF16_MAX = 0x1.fep127f;

    private BFloat16() {}

    /** {@return the value, exactly} */
    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << Short.SIZE);
    }

    /** {@return the nearest BF16 number; of two as near the one farther from zero, as the real one does} */
    public static short bf16FromFloat(float value) {
        if (Float.isNaN(value)) {
            return (short) 0x7fc0;
        }
        if (value == 0) {
            return 0; // the sign of zero is lost
        }
        return (short) ((Float.floatToRawIntBits(value) + 0x8000) >> Short.SIZE);
    }
}
