package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Conversion between F32 and BF16, the upper sixteen bits of a float, kept in short arrays.
 *
 * <p>TornadoVM's OpenCL backend cannot take a float for its bits, so these are computed: scaling by powers of two is exact. Launch: {@link Launch#elements} of n.
 */
public final class CastKernels {
    private static final int NOT_A_NUMBER = 0x7FC0;

    private CastKernels() {}

    /** y = x as F32. */
    public static void fromBf16(KernelContext context, ShortArray x, int xAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, Float.intBitsToFloat(x.get(xAt + i) << 16));
        }
    }

    /** y = x rounded to BF16, to nearest, ties to even; -0 becomes 0, and so do denormals where the device knows none; NaN stays NaN or becomes infinity. */
    @SuppressWarnings("IdentityBinaryExpression") // not Float.isNaN: an operator surely compiles
    public static void toBf16(KernelContext context, FloatArray x, int xAt, ShortArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            float value = x.get(xAt + i);
            // The largest float rounds up to infinity, so that is what infinity may be taken for; so is NaN where the
            // device drops it.
            float magnitude = TornadoMath.min(TornadoMath.abs(value), Float.MAX_VALUE);
            int all = magnitude < 0x1p-126f ? (int) (magnitude * 0x1p75f * 0x1p74f) : normalBits(magnitude);
            int bits = (all + 0x7FFF + ((all >> 16) & 1)) >> 16;
            if (value != value) {
                bits = NOT_A_NUMBER;
            }
            if (value < 0f) {
                bits = bits | 0x8000;
            }
            y.set(yAt + i, (short) bits);
        }
    }

    /** y = x for numbers of BF16. */
    public static void copy(KernelContext context, ShortArray x, int xAt, ShortArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, x.get(xAt + i));
        }
    }

    /** The bits of a positive normal float: its exponent by halving the search, its mantissa as what is left above 1. */
    private static int normalBits(float magnitude) {
        float rest = magnitude;
        int exponent = 127;
        if (rest >= 0x1p64f) {
            rest *= 0x1p-64f;
            exponent += 64;
        }
        if (rest >= 0x1p32f) {
            rest *= 0x1p-32f;
            exponent += 32;
        }
        if (rest >= 0x1p16f) {
            rest *= 0x1p-16f;
            exponent += 16;
        }
        if (rest >= 0x1p8f) {
            rest *= 0x1p-8f;
            exponent += 8;
        }
        if (rest >= 0x1p4f) {
            rest *= 0x1p-4f;
            exponent += 4;
        }
        if (rest >= 0x1p2f) {
            rest *= 0x1p-2f;
            exponent += 2;
        }
        if (rest >= 0x1p1f) {
            rest *= 0x1p-1f;
            exponent += 1;
        }
        if (rest < 0x1p-63f) {
            rest *= 0x1p64f;
            exponent -= 64;
        }
        if (rest < 0x1p-31f) {
            rest *= 0x1p32f;
            exponent -= 32;
        }
        if (rest < 0x1p-15f) {
            rest *= 0x1p16f;
            exponent -= 16;
        }
        if (rest < 0x1p-7f) {
            rest *= 0x1p8f;
            exponent -= 8;
        }
        if (rest < 0x1p-3f) {
            rest *= 0x1p4f;
            exponent -= 4;
        }
        if (rest < 0x1p-1f) {
            rest *= 0x1p2f;
            exponent -= 2;
        }
        if (rest < 1f) {
            rest *= 0x1p1f;
            exponent -= 1;
        }
        return (exponent << 23) + (int) ((rest - 1f) * 0x1p23f);
    }
}
