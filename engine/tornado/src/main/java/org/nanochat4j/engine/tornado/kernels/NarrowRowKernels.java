package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * {@link NormKernels} and {@link RopeKernels} over BF16: computed in F32, sums and all, rounded once.
 *
 * <p>{@code builtIn} is 1 where the device converts, 0 where the bits are computed.
 */
public final class NarrowRowKernels {
    private NarrowRowKernels() {}

    /** y = x / sqrt(mean(x²) + eps). Launch: {@link RowKernels#launch}. */
    public static void rms(
            KernelContext context, int builtIn, float eps, ShortArray x, int xAt, ShortArray y, int yAt, int columns) {
        int row = context.groupIdx * columns;
        float squares = 0f;
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            float value = Halves.widen(x.get(xAt + row + i), builtIn);
            squares += value * value;
        }
        float mean = Group.sum(context, squares) / columns;
        float factor = 1f / TornadoMath.sqrt(mean + eps);
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            y.set(yAt + row + i, Halves.round(Halves.widen(x.get(xAt + row + i), builtIn) * factor, builtIn));
        }
    }

    /** With r = sqrt(mean(x²) + eps): dx = (dy - x / r mean(dy ∘ x / r)) / r. Launch: {@link RowKernels#launch}. */
    public static void rmsGrad(
            KernelContext context,
            int builtIn,
            float eps,
            ShortArray x,
            int xAt,
            ShortArray dy,
            int dyAt,
            ShortArray dx,
            int dxAt,
            int columns) {
        int row = context.groupIdx * columns;
        float squares = 0f;
        float products = 0f;
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            float value = Halves.widen(x.get(xAt + row + i), builtIn);
            squares += value * value;
            products += value * Halves.widen(dy.get(dyAt + row + i), builtIn);
        }
        float mean = Group.sum(context, squares) / columns;
        float factor = 1f / TornadoMath.sqrt(mean + eps);
        float along = Group.sum(context, products) / columns * factor * factor;
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            float value = Halves.widen(x.get(xAt + row + i), builtIn);
            float change = Halves.widen(dy.get(dyAt + row + i), builtIn) - value * along;
            dx.set(dxAt + row + i, Halves.round(change * factor, builtIn));
        }
    }

    /**
     * Rotates the pairs (j, j + size / 2) of every head: y1 = x1 cos + x2 sin, y2 = x2 cos - x1 sin; NaN where a position is outside the tables.
     *
     * <p>Launch: {@link Launch#elements} of half the elements of x, one item for each pair; y may be x.
     *
     * @param cos (positions, size / 2), as sin
     * @param start position of the first token of each row (batch)
     * @param x (batch, time, heads, size), as y
     * @param sign 1, or -1 to rotate back
     */
    public static void rope(
            KernelContext context,
            int builtIn,
            float sign,
            FloatArray cos,
            int cosAt,
            FloatArray sin,
            int sinAt,
            IntArray start,
            int startAt,
            ShortArray x,
            int xAt,
            ShortArray y,
            int yAt,
            int batch,
            int time,
            int heads,
            int size,
            int positions) {
        int pair = context.globalIdx;
        int half = size / 2;
        if (pair < batch * time * heads * half) {
            int j = pair % half;
            int token = pair / half / heads;
            int position = start.get(startAt + token / time) + token % time;
            int first = (pair / half) * size + j;
            float x1 = Halves.widen(x.get(xAt + first), builtIn);
            float x2 = Halves.widen(x.get(xAt + first + half), builtIn);
            if (position >= 0 && position < positions) {
                float c = cos.get(cosAt + position * half + j);
                float s = sign * sin.get(sinAt + position * half + j);
                y.set(yAt + first, Halves.round(x1 * c + x2 * s, builtIn));
                y.set(yAt + first + half, Halves.round(x2 * c - x1 * s, builtIn));
            } else {
                y.set(yAt + first, Halves.NOT_A_NUMBER);
                y.set(yAt + first + half, Halves.NOT_A_NUMBER);
            }
        }
    }
}
