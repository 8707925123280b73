package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.BFloat16;

/**
 * Conversion between floats and the sixteen bits of BF16; inlined into kernels.
 *
 * <p>TornadoVM's CUDA backend compiles the conversions of its own {@code BFloat16} to a few instructions, and rounds to nearest, ties to even. Elsewhere these
 * are loops, which round otherwise, and a float cannot be taken for its bits; so there the bits are computed: scaling by powers of two is exact. Which of the two is
 * meant is a number that TornadoVM compiles in.
 */
final class Halves {
    /** A quiet NaN. */
    static final short NOT_A_NUMBER = 0x7FC0;

    private static final int INFINITE = 0xFF;

    private Halves() {}

    /** The value of some bits, exactly; denormals become zero where the device knows none. */
    static float widen(short bits, int builtIn) {
        float value;
        if (builtIn == 1) {
            value = BFloat16.bf16ToFloat(bits);
        } else {
            value = valueOf(bits);
        }
        return value;
    }

    /** The bits of the nearest number of BF16, of two the even one; computed, -0 becomes 0, and NaN becomes infinity where the device drops it. */
    static short round(float value, int builtIn) {
        int bits;
        if (builtIn == 1) {
            bits = BFloat16.bf16FromFloat(value);
        } else {
            bits = bitsOf(value);
        }
        return (short) bits;
    }

    private static float valueOf(short bits) {
        int exponent = (bits >> 7) & 0xFF;
        int fraction = bits & 0x7F;
        float value = (exponent == 0 ? fraction : fraction + 128) * 0x1p-7f;
        int power = (exponent == 0 ? 1 : exponent) - 127; // -126 to 128
        if (power >= 64) {
            value *= 0x1p64f;
            power -= 64;
        }
        if (power >= 64) {
            value *= 0x1p64f;
            power -= 64;
        }
        if (power >= 32) {
            value *= 0x1p32f;
            power -= 32;
        }
        if (power >= 16) {
            value *= 0x1p16f;
            power -= 16;
        }
        if (power >= 8) {
            value *= 0x1p8f;
            power -= 8;
        }
        if (power >= 4) {
            value *= 0x1p4f;
            power -= 4;
        }
        if (power >= 2) {
            value *= 0x1p2f;
            power -= 2;
        }
        if (power >= 1) {
            value *= 0x1p1f;
        }
        if (power <= -64) {
            value *= 0x1p-64f;
            power += 64;
        }
        if (power <= -32) {
            value *= 0x1p-32f;
            power += 32;
        }
        if (power <= -16) {
            value *= 0x1p-16f;
            power += 16;
        }
        if (power <= -8) {
            value *= 0x1p-8f;
            power += 8;
        }
        if (power <= -4) {
            value *= 0x1p-4f;
            power += 4;
        }
        if (power <= -2) {
            value *= 0x1p-2f;
            power += 2;
        }
        if (power <= -1) {
            value *= 0x1p-1f;
        }
        if (exponent == INFINITE && fraction > 0) {
            value = Poison.because(fraction);
        }
        if (bits < 0) {
            value = -value;
        }
        return value;
    }

    @SuppressWarnings("IdentityBinaryExpression") // not Float.isNaN: an operator surely compiles
    private static int bitsOf(float value) {
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
        return bits;
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
