package uk.ac.manchester.tornado.api.types;

/** An F16 number. */
public class HalfFloat {
    private final short bits;

    /** Rounds to nearest even. */
    public HalfFloat(float halfFloat) {
        bits = Float.floatToFloat16(halfFloat);
    }

    /** Takes the bits. */
    public HalfFloat(short halfFloat) {
        bits = halfFloat;
    }

    /** {@return a + b, rounded} */
    public static HalfFloat add(HalfFloat a, HalfFloat b) {
        return new HalfFloat(a.getFloat32() + b.getFloat32());
    }

    /** {@return a - b, rounded} */
    public static HalfFloat sub(HalfFloat a, HalfFloat b) {
        return new HalfFloat(a.getFloat32() - b.getFloat32());
    }

    /** {@return a * b, rounded} */
    public static HalfFloat mult(HalfFloat a, HalfFloat b) {
        return new HalfFloat(a.getFloat32() * b.getFloat32());
    }

    /** {@return a / b, rounded} */
    public static HalfFloat div(HalfFloat a, HalfFloat b) {
        return new HalfFloat(a.getFloat32() / b.getFloat32());
    }

    /** {@return the bits} */
    public short getHalfFloatValue() {
        return bits;
    }

    /** {@return the value, exactly} */
    public float getFloat32() {
        return Float.float16ToFloat(bits);
    }

    @Override
    public String toString() {
        return Float.toString(getFloat32());
    }
}
