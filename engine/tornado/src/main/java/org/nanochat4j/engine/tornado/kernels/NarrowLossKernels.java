package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * {@link LossKernels} for devices that multiply BF16: logits are sums in F32 of BF16 products, and their gradient is rounded once, to be a factor itself.
 *
 * <p>Tasks: {@link LossKernels#count} once; then for each chunk logits = x Wᵀ, {@link #losses}, and for gradients {@link #gradient} and two more products (dx = du W;
 * dW += duᵀ x); {@link LossKernels#mean} at the end. Logits are only read, twice: they are capped again rather than written back. History: {@code
 * docs/kernels/tornado-loss.md}.
 */
public final class NarrowLossKernels {
    private static final int ITEMS = LossKernels.ITEMS;

    private static final float LOWEST = -3e38f;

    /** Logits bounded by this need no maximum: exp(-2 cap) is a normal number still. */
    private static final float SAFE_CAP = 40f;

    private NarrowLossKernels() {}

    /**
     * The loss of each row of a chunk: with z = cap tanh(u / cap), log Σ exp(z) - z[target]. Rows with target -1 have loss 0, those with a target outside the vocabulary
     * NaN.
     *
     * <p>Launch: {@link LossKernels#launch}.
     *
     * @param cap bound of the logits; 0 for none
     * @param targets (rows)
     * @param logits u (rows, vocabulary)
     * @param stride from a row of logits to the next
     * @param losses (rows)
     */
    public static void losses(
            KernelContext context,
            float cap,
            IntArray targets,
            int targetsAt,
            FloatArray logits,
            int logitsAt,
            int stride,
            FloatArray losses,
            int lossesAt,
            int vocabulary) {
        int row = context.groupIdx;
        int start = logitsAt + row * stride;
        float largest = cap;
        if (cap <= 0f || cap > SAFE_CAP) {
            float most = LOWEST;
            for (int i = context.localIdx; i < vocabulary; i += ITEMS) {
                most = TornadoMath.max(most, capped(logits, start + i, cap));
            }
            largest = Group.max(context, most);
        }
        float part = 0f;
        for (int i = context.localIdx; i < vocabulary; i += ITEMS) {
            part += TornadoMath.exp(capped(logits, start + i, cap) - largest);
        }
        float total = Group.sum(context, part);
        if (context.localIdx == 0) {
            int target = targets.get(targetsAt + row);
            float loss = 0f;
            if (target >= 0 && target < vocabulary) {
                loss = TornadoMath.log(total) + largest - capped(logits, start + target, cap);
            } else if (target != -1) {
                loss = Poison.because(target);
            }
            losses.set(lossesAt + row, loss);
        }
    }

    /**
     * The gradient of the mean loss with respect to the logits of a chunk, rounded: with p = exp(z - log Σ exp(z)), du = (p - onehot) (1 - (z / cap)²) / counted. Rows
     * with target -1 have gradient 0, those with a target outside the vocabulary NaN.
     *
     * <p>Launch: {@link LossKernels#launch}.
     *
     * @param builtIn 1 where the device converts, 0 where the bits are computed
     * @param cap bound of the logits; 0 for none
     * @param targets (rows)
     * @param counted of {@link LossKernels#count}
     * @param logits as for {@link #losses}
     * @param stride from a row of logits to the next
     * @param losses of {@link #losses}
     * @param gradient (rows, vocabulary)
     */
    public static void gradient(
            KernelContext context,
            int builtIn,
            float cap,
            IntArray targets,
            int targetsAt,
            FloatArray counted,
            int countedAt,
            FloatArray logits,
            int logitsAt,
            int stride,
            FloatArray losses,
            int lossesAt,
            ShortArray gradient,
            int gradientAt,
            int vocabulary) {
        int row = context.groupIdx;
        int start = logitsAt + row * stride;
        int target = targets.get(targetsAt + row);
        float weight = 0f;
        float logSumExp = -LOWEST; // no p where nothing counts
        if (target >= 0 && target < vocabulary) {
            weight = 1f / counted.get(countedAt);
            logSumExp = losses.get(lossesAt + row) + capped(logits, start + target, cap);
        } else if (target != -1) {
            weight = Poison.because(target);
        }
        for (int i = context.localIdx; i < vocabulary; i += ITEMS) {
            float z = capped(logits, start + i, cap);
            float change = TornadoMath.exp(z - logSumExp);
            if (i == target) {
                change -= 1f;
            }
            if (cap > 0f) {
                float slope = z / cap;
                change *= 1f - slope * slope;
            }
            gradient.set(gradientAt + row * vocabulary + i, Halves.round(change * weight, builtIn));
        }
    }

    private static float capped(FloatArray logits, int at, float cap) {
        float z = logits.get(at);
        if (cap > 0f) {
            z = cap * TornadoMath.tanh(z / cap);
        }
        return z;
    }
}
