package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Conversion between F32 and BF16, the upper sixteen bits of a float, kept in short arrays, and what else is done with bits alone.
 *
 * <p>Launch: {@link Launch#elements} of n. {@code builtIn} is 1 where the device converts, 0 where the bits are computed.
 */
public final class CastKernels {
    private CastKernels() {}

    /** y = x as F32. */
    public static void fromBf16(
            KernelContext context, int builtIn, ShortArray x, int xAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            if (builtIn == 1) {
                y.set(yAt + i, BFloat16.bf16ToFloat(x.get(xAt + i)));
            } else {
                y.set(yAt + i, Float.intBitsToFloat(x.get(xAt + i) << 16));
            }
        }
    }

    /** y = x rounded to BF16, to nearest, ties to even. */
    public static void toBf16(KernelContext context, int builtIn, FloatArray x, int xAt, ShortArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, Halves.round(x.get(xAt + i), builtIn));
        }
    }

    /** y = x for numbers of BF16. */
    public static void copy(KernelContext context, ShortArray x, int xAt, ShortArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, x.get(xAt + i));
        }
    }

    /** y = 0 for numbers of BF16. */
    public static void zero(KernelContext context, ShortArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, (short) 0);
        }
    }
}
