package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * {@link AttentionKernels} for devices whose items are threads of a processor: one item, alone in its group, takes 64 queries and goes through the keys 16 at a time,
 * with the arithmetic of {@link PanelKernels}.
 *
 * <p>History: {@code docs/kernels/tornado-attention.md}.
 */
public final class PanelAttentionKernels {
    /** Lines of an item, and of a block in registers. */
    private static final int LINES = 64;

    private static final int HEIGHT = 4;

    /** Lines of the other side that are packed at a time; also the columns of a block. */
    private static final int KEYS = 16;

    private static final int MOST_SIZE = AttentionKernels.MOST_HEAD_SIZE;

    /** The score of a pair that is not visible, and what separates such scores from others. */
    private static final float HIDDEN = -1e30f;

    private static final float VISIBLE = -1e29f;

    private PanelAttentionKernels() {}

    /**
     * The launch of {@link #forward}, and of the backward pass.
     *
     * @param batch rows of tokens
     * @param time tokens of a row
     * @param heads query heads, or key-value heads for {@link PanelAttentionGradKernels#keys}
     * @return one item for 64 lines, along x; heads along y, rows along z
     */
    public static Launch launch(int batch, int time, int heads) {
        return new Launch(Tiles.count(time, LINES), heads, batch, 1, 1, 1);
    }

    /** As {@link AttentionKernels#forward}. Launch: {@link #launch}. */
    public static void forward(
            KernelContext context,
            float scale,
            FloatArray q,
            int qAt,
            FloatArray k,
            int kAt,
            FloatArray v,
            int vAt,
            FloatArray out,
            int yAt,
            int logSumExpAt,
            int time,
            int heads,
            int size,
            int window) {
        float[] panel = new float[MOST_SIZE * KEYS];
        float[] outputs = new float[LINES * MOST_SIZE];
        float[] largest = new float[LINES];
        float[] total = new float[LINES];
        float[] sums = new float[HEIGHT * KEYS];
        float[] weights = new float[HEIGHT * KEYS];
        float[] factor = new float[HEIGHT];
        int head = context.globalIdy;
        int first = context.globalIdx * LINES;
        int group = head / (Heads.queries(heads) / Heads.keys(heads));
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int at = context.globalIdz * time * stride + head * size;
        int keyAt = context.globalIdz * time * keyStride + group * size;
        int count = time - first < LINES ? time - first : LINES;
        for (int i = Rolled.from(context); i < LINES; i++) {
            largest[i] = HIDDEN;
            total[i] = 0f;
        }
        for (int i = Rolled.from(context); i < LINES * MOST_SIZE; i++) {
            outputs[i] = 0f;
        }
        int begin = first > window ? (first - window) / KEYS * KEYS : 0;
        for (int key = begin; key < first + count; key += KEYS) {
            for (int j = Rolled.from(context); j < KEYS; j++) {
                int line = (key + j < time ? key + j : time - 1) * keyStride;
                for (int d = Rolled.from(context); d < size; d++) {
                    panel[d * KEYS + j] = k.get(kAt + keyAt + line + d);
                }
            }

            for (int row = 0; row < count; row += HEIGHT) {
                int line0 = (first + row) * stride;
                int line1 = (first + row + 1 < time ? first + row + 1 : time - 1) * stride;
                int line2 = (first + row + 2 < time ? first + row + 2 : time - 1) * stride;
                int line3 = (first + row + 3 < time ? first + row + 3 : time - 1) * stride;

                for (int i = 0; i < HEIGHT * KEYS; i++) {
                    sums[i] = 0f;
                }
                for (int d = Rolled.from(context); d < size; d++) {
                    float left0 = q.get(qAt + at + line0 + d);
                    float left1 = q.get(qAt + at + line1 + d);
                    float left2 = q.get(qAt + at + line2 + d);
                    float left3 = q.get(qAt + at + line3 + d);
                    for (int j = 0; j < KEYS; j++) {
                        float right = panel[d * KEYS + j];
                        sums[j] += left0 * right;
                        sums[KEYS + j] += left1 * right;
                        sums[2 * KEYS + j] += left2 * right;
                        sums[3 * KEYS + j] += left3 * right;
                    }
                }
                for (int i = 0; i < HEIGHT * KEYS; i++) {
                    weights[i] = sums[i];
                }

                for (int i = Rolled.from(context); i < HEIGHT; i++) {
                    float before = largest[row + i];
                    float most = before;
                    for (int j = Rolled.from(context); j < KEYS; j++) {
                        int distance = first + row + i - key - j;
                        float score = HIDDEN;
                        if (distance >= 0 && distance <= window) {
                            score = scale * weights[i * KEYS + j];
                        }
                        weights[i * KEYS + j] = score;
                        most = TornadoMath.max(most, score);
                    }
                    float part = 0f;
                    for (int j = Rolled.from(context); j < KEYS; j++) {
                        float score = weights[i * KEYS + j];
                        float exponential = 0f;
                        if (score > VISIBLE) {
                            exponential = TornadoMath.exp(score - most);
                        }
                        weights[i * KEYS + j] = exponential;
                        part += exponential;
                    }
                    factor[i] = TornadoMath.exp(before - most);
                    largest[row + i] = most;
                    total[row + i] = total[row + i] * factor[i] + part;
                }
                for (int c = Rolled.from(context); c < size; c += KEYS) {
                    for (int i = 0; i < HEIGHT; i++) {
                        for (int j = 0; j < KEYS; j++) {
                            sums[i * KEYS + j] = outputs[(row + i) * MOST_SIZE + c + j] * factor[i];
                        }
                    }
                    for (int l = Rolled.from(context); l < KEYS; l++) {
                        int line = vAt + keyAt + (key + l < time ? key + l : time - 1) * keyStride + c;
                        float weight0 = weights[l];
                        float weight1 = weights[KEYS + l];
                        float weight2 = weights[2 * KEYS + l];
                        float weight3 = weights[3 * KEYS + l];
                        for (int j = 0; j < KEYS; j++) {
                            float right = size % KEYS == 0 || c + j < size ? v.get(line + j) : 0f;
                            sums[j] += weight0 * right;
                            sums[KEYS + j] += weight1 * right;
                            sums[2 * KEYS + j] += weight2 * right;
                            sums[3 * KEYS + j] += weight3 * right;
                        }
                    }
                    for (int i = 0; i < HEIGHT; i++) {
                        for (int j = 0; j < KEYS; j++) {
                            outputs[(row + i) * MOST_SIZE + c + j] = sums[i * KEYS + j];
                        }
                    }
                }
            }
        }
        int statistic = (context.globalIdz * Heads.queries(heads) + head) * time + first;
        for (int row = 0; row < count; row++) {
            for (int c = Rolled.from(context); c < size; c++) {
                if (yAt >= 0) {
                    out.set(yAt + at + (first + row) * stride + c, outputs[row * MOST_SIZE + c] / total[row]);
                }
            }
            if (logSumExpAt >= 0) {
                out.set(logSumExpAt + statistic + row, largest[row] + TornadoMath.log(total[row]));
            }
        }
    }
}
