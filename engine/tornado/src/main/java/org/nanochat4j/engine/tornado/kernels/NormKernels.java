package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Root-mean-square normalisation over rows (rows, columns), one group for each row. Source: Zhang and Sennrich 2019, equation 4.
 *
 * <p>Launch: {@link RowKernels#launch}.
 */
public final class NormKernels {
    private NormKernels() {}

    /** y = x / sqrt(mean(x²) + eps). */
    public static void rms(
            KernelContext context, float eps, FloatArray x, int xAt, FloatArray y, int yAt, int columns) {
        int row = context.groupIdx * columns;
        float squares = 0f;
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            float value = x.get(xAt + row + i);
            squares += value * value;
        }
        float mean = Group.sum(context, squares) / columns;
        float factor = 1f / TornadoMath.sqrt(mean + eps);
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            y.set(yAt + row + i, x.get(xAt + row + i) * factor);
        }
    }

    /** With r = sqrt(mean(x²) + eps): dx = (dy - x / r mean(dy ∘ x / r)) / r. */
    public static void rmsGrad(
            KernelContext context,
            float eps,
            FloatArray x,
            int xAt,
            FloatArray dy,
            int dyAt,
            FloatArray dx,
            int dxAt,
            int columns) {
        int row = context.groupIdx * columns;
        float squares = 0f;
        float products = 0f;
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            float value = x.get(xAt + row + i);
            squares += value * value;
            products += value * dy.get(dyAt + row + i);
        }
        float mean = Group.sum(context, squares) / columns;
        float factor = 1f / TornadoMath.sqrt(mean + eps);
        float along = Group.sum(context, products) / columns * factor * factor;
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            float change = dy.get(dyAt + row + i) - x.get(xAt + row + i) * along;
            dx.set(dxAt + row + i, change * factor);
        }
    }
}
