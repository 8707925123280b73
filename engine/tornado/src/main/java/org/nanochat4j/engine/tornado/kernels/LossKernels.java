package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Cross entropy over softcapped logits, in chunks of rows so that the logits of all rows never exist together.
 *
 * <p>Tasks: {@link #count} once; then for each chunk {@link GemmKernels#multiply} (logits = x Wᵀ), {@link #crossEntropy}, and for gradients two more products
 * (dx = du W; dW += duᵀ x, overwriting with the first chunk); {@link #mean} at the end. Rows of dW beyond the vocabulary are zeroed with {@link
 * PointwiseKernels#fill}.
 */
public final class LossKernels {
    /** Logits of a chunk at most, unless one row has more: 128 MiB. */
    private static final int MOST_LOGITS = 1 << 25;

    /** Items of a group. */
    static final int ITEMS = 256;

    private static final float LOWEST = -3e38f;

    private LossKernels() {}

    /**
     * Rows of a chunk: as many as the scratch memory of a chunk allows, and chunks of nearly equal size.
     *
     * @param rows of x
     * @param vocabulary logits of a row
     * @return at least 1
     */
    public static int chunkRows(int rows, int vocabulary) {
        int most = Math.max(1, MOST_LOGITS / vocabulary);
        int chunks = Tiles.count(rows, most);
        return Tiles.count(rows, chunks);
    }

    /** One group of items. */
    public static Launch oneGroup() {
        return Launch.groups(1, ITEMS);
    }

    /**
     * The launch of {@link #crossEntropy}.
     *
     * @param rows of the chunk
     * @return one group for each row
     */
    public static Launch launch(int rows) {
        return Launch.groups(rows, ITEMS);
    }

    /** counted = how many targets are not negative, as a float. Launch: {@link #oneGroup}. */
    public static void count(
            KernelContext context, IntArray targets, int targetsAt, FloatArray counted, int countedAt, int rows) {
        float part = 0f;
        for (int i = context.localIdx; i < rows; i += ITEMS) {
            if (targets.get(targetsAt + i) >= 0) {
                part += 1f;
            }
        }
        float total = Group.sum(context, part);
        if (context.localIdx == 0) {
            counted.set(countedAt, total);
        }
    }

    /**
     * The loss of each row of a chunk, and its logits u replaced by the gradient of the mean loss with respect to them.
     *
     * <p>With z = cap tanh(u / cap) and p = softmax(z): loss = log Σ exp(z) - z[target]; du = (p - onehot) (1 - (z / cap)²) / counted. Rows with target -1 have loss
     * and gradient 0; those with a target outside the vocabulary NaN. Launch: {@link #launch}.
     *
     * @param cap bound of the logits; 0 for none
     * @param targets (rows)
     * @param counted of {@link #count}
     * @param logits (rows, vocabulary), in another array than the losses; without gradients they are left as z
     * @param losses (rows)
     * @param differentiated 1 to compute the gradient, otherwise 0
     */
    public static void crossEntropy(
            KernelContext context,
            float cap,
            IntArray targets,
            int targetsAt,
            FloatArray counted,
            int countedAt,
            FloatArray logits,
            int logitsAt,
            FloatArray losses,
            int lossesAt,
            int vocabulary,
            int differentiated) {
        int item = context.localIdx;
        int row = context.groupIdx;
        int start = logitsAt + row * vocabulary;
        int target = targets.get(targetsAt + row);
        float most = LOWEST;
        for (int i = item; i < vocabulary; i += ITEMS) {
            float z = logits.get(start + i);
            if (cap > 0f) {
                z = cap * TornadoMath.tanh(z / cap);
                logits.set(start + i, z);
            }
            most = TornadoMath.max(most, z);
        }
        float largest = Group.max(context, most);
        float part = 0f;
        for (int i = item; i < vocabulary; i += ITEMS) {
            part += TornadoMath.exp(logits.get(start + i) - largest);
        }
        float total = Group.sum(context, part);
        float weight = 0f;
        if (target >= 0) {
            weight = 1f / counted.get(countedAt);
        }
        if (target < -1 || target >= vocabulary) {
            weight = Poison.because(target);
        }
        // The item that wrote the target's logit reads it: a barrier of local memory would not show it to others.
        int owner = target >= 0 ? target % ITEMS : 0;
        if (item == owner) {
            float loss = 0f;
            if (target >= 0 && target < vocabulary) {
                loss = TornadoMath.log(total) + largest - logits.get(start + target);
            } else if (target != -1) {
                loss = Poison.because(target);
            }
            losses.set(lossesAt + row, loss);
        }
        if (differentiated == 1) {
            for (int i = item; i < vocabulary; i += ITEMS) {
                float z = logits.get(start + i);
                float change = TornadoMath.exp(z - largest) / total;
                if (i == target) {
                    change -= 1f;
                }
                if (cap > 0f) {
                    float slope = z / cap;
                    change *= 1f - slope * slope;
                }
                logits.set(start + i, change * weight);
            }
        }
    }

    /** mean = sum of the losses / counted, NaN if none counts. Launch: {@link #oneGroup}. */
    public static void mean(
            KernelContext context,
            FloatArray losses,
            int lossesAt,
            FloatArray counted,
            int countedAt,
            FloatArray mean,
            int meanAt,
            int rows) {
        float part = 0f;
        for (int i = context.localIdx; i < rows; i += ITEMS) {
            part += losses.get(lossesAt + i);
        }
        float total = Group.sum(context, part);
        if (context.localIdx == 0) {
            mean.set(meanAt, total / counted.get(countedAt));
        }
    }
}
