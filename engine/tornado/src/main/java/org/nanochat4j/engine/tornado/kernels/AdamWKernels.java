package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The AdamW update. Source: Loshchilov and Hutter 2019. */
public final class AdamWKernels {
    private AdamWKernels() {}

    /**
     * p *= 1 - lr wd; m += (1-b1)(g - m); v += (1-b2)(g² - v); p -= lr / (1-b1^n) m / (sqrt(v / (1-b2^n)) + eps).
     *
     * <p>Where parameter and moments are not in one array: {@link #moment} twice, then {@link #descend}. Launch: {@link Launch#elements} of n.
     *
     * @param hyper learning rate, 1-b1^n, 1-b2^n (3)
     * @param state the array of the parameter p and its moments m and v, written
     * @param take1 1 - b1
     * @param take2 1 - b2
     */
    public static void adamW(
            KernelContext context,
            FloatArray g,
            int gAt,
            FloatArray hyper,
            int hyperAt,
            FloatArray state,
            int pAt,
            int mAt,
            int vAt,
            float take1,
            float take2,
            float eps,
            float weightDecay,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            float gradient = g.get(gAt + i);
            float first = state.get(mAt + i);
            float second = state.get(vAt + i);
            first = first + take1 * (gradient - first);
            second = second + take2 * (gradient * gradient - second);
            state.set(mAt + i, first);
            state.set(vAt + i, second);
            state.set(pAt + i, moved(state.get(pAt + i), first, second, hyper, hyperAt, eps, weightDecay));
        }
    }

    /**
     * m += (1-b)(g - m), or with the square of g.
     *
     * @param take 1 - b
     * @param squared 1 for the second moment, otherwise 0
     */
    public static void moment(
            KernelContext context, float take, int squared, FloatArray g, int gAt, FloatArray m, int mAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            float gradient = g.get(gAt + i);
            float value = m.get(mAt + i);
            if (squared == 1) {
                gradient = gradient * gradient;
            }
            m.set(mAt + i, value + take * (gradient - value));
        }
    }

    /** The rest of {@link #adamW}, with moments that are up to date. */
    public static void descend(
            KernelContext context,
            FloatArray m,
            int mAt,
            FloatArray v,
            int vAt,
            FloatArray hyper,
            int hyperAt,
            FloatArray p,
            int pAt,
            float eps,
            float weightDecay,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            p.set(pAt + i, moved(p.get(pAt + i), m.get(mAt + i), v.get(vAt + i), hyper, hyperAt, eps, weightDecay));
        }
    }

    private static float moved(
            float p, float first, float second, FloatArray hyper, int hyperAt, float eps, float weightDecay) {
        float rate = hyper.get(hyperAt);
        float denominator = TornadoMath.sqrt(second / hyper.get(hyperAt + 2)) + eps;
        return p * (1f - rate * weightDecay) - rate / hyper.get(hyperAt + 1) * (first / denominator);
    }
}
