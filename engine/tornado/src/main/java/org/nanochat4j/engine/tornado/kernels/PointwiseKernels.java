package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Kernels whose every element depends on one element of each operand; the result may be an operand's own memory.
 *
 * <p>Launch: {@link Launch#elements} of n, one item for each element.
 */
public final class PointwiseKernels {
    private PointwiseKernels() {}

    /** y = a + b; with y = a it adds to a variable in place. */
    public static void add(
            KernelContext context, FloatArray a, int aAt, FloatArray b, int bAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, a.get(aAt + i) + b.get(bAt + i));
        }
    }

    /** y = a ∘ b. */
    public static void mul(
            KernelContext context, FloatArray a, int aAt, FloatArray b, int bAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, a.get(aAt + i) * b.get(bAt + i));
        }
    }

    /** y = alpha a + beta b. */
    public static void axpby(
            KernelContext context,
            float alpha,
            FloatArray a,
            int aAt,
            float beta,
            FloatArray b,
            int bAt,
            FloatArray y,
            int yAt,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, alpha * a.get(aAt + i) + beta * b.get(bAt + i));
        }
    }

    /** y = s a + t b with numbers s and t in memory. */
    public static void weightedSum(
            KernelContext context,
            FloatArray s,
            int sAt,
            FloatArray a,
            int aAt,
            FloatArray t,
            int tAt,
            FloatArray b,
            int bAt,
            FloatArray y,
            int yAt,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, s.get(sAt) * a.get(aAt + i) + t.get(tAt) * b.get(bAt + i));
        }
    }

    /** y = alpha x. */
    public static void scale(KernelContext context, float alpha, FloatArray x, int xAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, alpha * x.get(xAt + i));
        }
    }

    /** y = s x with a number s in memory. */
    public static void scaleBy(
            KernelContext context, FloatArray x, int xAt, FloatArray s, int sAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, s.get(sAt) * x.get(xAt + i));
        }
    }

    /** y = value, a finite number. */
    public static void fill(KernelContext context, float value, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, value);
        }
    }

    /** y = max(x, 0)². */
    public static void reluSquared(KernelContext context, FloatArray x, int xAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            float positive = TornadoMath.max(x.get(xAt + i), 0f);
            y.set(yAt + i, positive * positive);
        }
    }

    /** y = 2 max(x, 0) dy. */
    public static void reluSquaredGrad(
            KernelContext context, FloatArray x, int xAt, FloatArray dy, int dyAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, 2f * TornadoMath.max(x.get(xAt + i), 0f) * dy.get(dyAt + i));
        }
    }

    /** y = 1 / (1 + exp(-x)). */
    public static void sigmoid(KernelContext context, FloatArray x, int xAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, 1f / (1f + TornadoMath.exp(-x.get(xAt + i))));
        }
    }

    /** dx = dy y (1 - y), y being the sigmoid. */
    public static void sigmoidGrad(
            KernelContext context, FloatArray y, int yAt, FloatArray dy, int dyAt, FloatArray dx, int dxAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            float value = y.get(yAt + i);
            dx.set(dxAt + i, dy.get(dyAt + i) * value * (1f - value));
        }
    }

    /** y = cap tanh(x / cap). */
    public static void softcap(KernelContext context, float cap, FloatArray x, int xAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, cap * TornadoMath.tanh(x.get(xAt + i) / cap));
        }
    }
}
