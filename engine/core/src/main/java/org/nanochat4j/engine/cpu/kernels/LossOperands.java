package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.Memory.getInt;

import org.nanochat4j.engine.EngineException;

/**
 * What the loss reads and writes: x and w, and with them dx, are F32 or BF16 as the kernel says, everything else is F32.
 *
 * @param rows N
 * @param width C
 * @param vocabulary V, how many rows of w count
 * @param paddedVocabulary Vp, rows of w and dw
 * @param cap bound of the logits; positive infinity for none
 * @param x address of (N, C)
 * @param w address of (Vp, C)
 * @param targets address of I32 (N), -1 = ignored
 * @param mean receives the mean loss over the targets that count (1), NaN if none
 * @param losses receives the loss of each row (N), 0 where ignored
 * @param dx receives the gradient of the mean with respect to x (N, C); 0 together with {@code dw} for no gradients
 * @param dw receives the gradient of the mean with respect to w (Vp, C), 0 in the padding rows
 */
public record LossOperands(
        int rows,
        int width,
        int vocabulary,
        int paddedVocabulary,
        float cap,
        long x,
        long w,
        long targets,
        long mean,
        long losses,
        long dx,
        long dw) {

    /** Bound of |z| log2(e) below which sums of 2^z neither overflow nor vanish. */
    private static final float SAFE_EXPONENT = 80;

    /** Checks what can be checked without reading memory. */
    public LossOperands {
        if (!(cap > 0)) {
            throw new IllegalArgumentException("the cap must be positive, not " + cap);
        }
        if ((dx == 0) != (dw == 0)) {
            throw new IllegalArgumentException("dx and dw come together or not at all");
        }
    }

    /** Whether gradients are asked for. */
    boolean differentiated() {
        return dx != 0;
    }

    /** Whether a cap is so low that sums of e^z neither overflow nor vanish without a maximum subtracted. */
    public static boolean bounds(float cap) {
        return cap * VectorMath.LOG2_E <= SAFE_EXPONENT;
    }

    /** tanh(logit / cap) divided by z in units of log2(e). */
    float slope() {
        return 1 / (cap * VectorMath.LOG2_E);
    }

    /** The target of a row; -1 if it is ignored. */
    int target(int row) {
        return getInt(targets + 4L * row);
    }

    /** How many targets are not to be ignored; all are checked. */
    int countTargets() {
        int n = 0;
        for (int i = 0; i < rows; i++) {
            int target = target(i);
            if (target < -1 || target >= vocabulary) {
                throw new EngineException.BadData("SoftcapCrossEntropy: target " + target + " of row " + i
                        + " is outside the vocabulary of " + vocabulary
                        + "\n  remedy: targets are ids below the vocabulary, or -1 to be ignored");
            }
            n += target >= 0 ? 1 : 0;
        }
        return n;
    }

    /** Zeros in the padding rows of dw. */
    void clearPadding() {
        if (differentiated()) {
            Memory.zero(dw + 4L * vocabulary * width, 4L * (paddedVocabulary - vocabulary) * width);
        }
    }
}
