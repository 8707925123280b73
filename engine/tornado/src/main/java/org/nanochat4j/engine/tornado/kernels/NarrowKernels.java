package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Kernels over BF16 whose every element depends on one element of each operand: computed in F32, rounded once. The result may be an operand's own memory.
 *
 * <p>Launch: {@link Launch#elements} of n, one item for each element. {@code builtIn} is 1 where the device converts, 0 where the bits are computed.
 */
public final class NarrowKernels {
    /** y = alpha a + beta b. */
    public static final int SUM = 0;

    /** y = a ∘ b. */
    public static final int PRODUCT = 1;

    /** y = alpha a. */
    public static final int SCALED = 2;

    /** y = max(a, 0)². */
    public static final int RELU_SQUARED = 3;

    /** y = 2 max(a, 0) b. */
    public static final int RELU_SQUARED_GRAD = 4;

    /** y = 1 / (1 + exp(-a)). */
    public static final int SIGMOID = 5;

    /** y = b a (1 - a), a being the sigmoid. */
    public static final int SIGMOID_GRAD = 6;

    private NarrowKernels() {}

    /**
     * y = what a formula makes of a and b.
     *
     * @param formula one of those above; a number that is compiled in, so the others cost nothing
     * @param b a again where the formula has none
     */
    public static void compute(
            KernelContext context,
            int builtIn,
            int formula,
            float alpha,
            ShortArray a,
            int aAt,
            float beta,
            ShortArray b,
            int bAt,
            ShortArray y,
            int yAt,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            float left = Halves.widen(a.get(aAt + i), builtIn);
            float right = Halves.widen(b.get(bAt + i), builtIn);
            float value = alpha * left + beta * right;
            if (formula == PRODUCT) {
                value = left * right;
            }
            if (formula == SCALED) {
                value = alpha * left;
            }
            if (formula == RELU_SQUARED) {
                float positive = TornadoMath.max(left, 0f);
                value = positive * positive;
            }
            if (formula == RELU_SQUARED_GRAD) {
                value = 2f * TornadoMath.max(left, 0f) * right;
            }
            if (formula == SIGMOID) {
                value = 1f / (1f + TornadoMath.exp(-left));
            }
            if (formula == SIGMOID_GRAD) {
                value = right * left * (1f - left);
            }
            y.set(yAt + i, Halves.round(value, builtIn));
        }
    }

    /** y = s a + t b with F32 numbers s and t in memory. */
    public static void weightedSum(
            KernelContext context,
            int builtIn,
            FloatArray s,
            int sAt,
            ShortArray a,
            int aAt,
            FloatArray t,
            int tAt,
            ShortArray b,
            int bAt,
            ShortArray y,
            int yAt,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            float left = Halves.widen(a.get(aAt + i), builtIn);
            float right = Halves.widen(b.get(bAt + i), builtIn);
            y.set(yAt + i, Halves.round(s.get(sAt) * left + t.get(tAt) * right, builtIn));
        }
    }

    /** y = s x with an F32 number s in memory. */
    public static void scaleBy(
            KernelContext context,
            int builtIn,
            FloatArray s,
            int sAt,
            ShortArray x,
            int xAt,
            ShortArray y,
            int yAt,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, Halves.round(s.get(sAt) * Halves.widen(x.get(xAt + i), builtIn), builtIn));
        }
    }
}
