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
     * <p>Launch: {@link Launch#elements} of n.
     *
     * @param hyper learning rate, 1-b1^n, 1-b2^n (3)
     * @param take1 1 - b1
     * @param take2 1 - b2
     */
    public static void step(
            KernelContext context,
            FloatArray p,
            int pAt,
            FloatArray g,
            int gAt,
            FloatArray m,
            int mAt,
            FloatArray v,
            int vAt,
            FloatArray hyper,
            int hyperAt,
            float take1,
            float take2,
            float eps,
            float weightDecay,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            float rate = hyper.get(hyperAt);
            float gradient = g.get(gAt + i);
            float first = m.get(mAt + i);
            float second = v.get(vAt + i);
            first = first + take1 * (gradient - first);
            second = second + take2 * (gradient * gradient - second);
            float denominator = TornadoMath.sqrt(second / hyper.get(hyperAt + 2)) + eps;
            float decayed = p.get(pAt + i) * (1f - rate * weightDecay);
            m.set(mAt + i, first);
            v.set(vAt + i, second);
            p.set(pAt + i, decayed - rate / hyper.get(hyperAt + 1) * (first / denominator));
        }
    }
}
