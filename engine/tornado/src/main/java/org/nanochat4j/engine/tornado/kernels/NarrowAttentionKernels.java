package org.nanochat4j.engine.tornado.kernels;

import static org.nanochat4j.engine.tornado.kernels.AttentionKernels.HIDDEN;
import static org.nanochat4j.engine.tornado.kernels.AttentionKernels.VISIBLE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.COLUMNS;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.ITEMS;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.MOST_SIZE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.PITCH;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SHARE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SIDE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SPAN;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.TILE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.columns;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.element;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * {@link AttentionKernels} over BF16: numbers are converted where they come into local memory, all sums and the softmax are in F32, and the result is rounded once.
 *
 * <p>History: {@code docs/kernels/tornado-attention.md}.
 */
public final class NarrowAttentionKernels {
    private NarrowAttentionKernels() {}

    /**
     * As {@link AttentionKernels#forward}.
     *
     * <p>Launch: {@link AttentionKernels#launch}.
     *
     * @param builtIn 1 where the device converts, 0 where the bits are computed
     * @param scale factor of the scores
     * @param q (batch, time, heads, size), as y
     * @param k (batch, time, groups, size), as v
     * @param logSumExp of the scaled scores (batch, heads, time)
     * @param heads {@link Heads#pack}
     * @param size at most {@link AttentionKernels#MOST_HEAD_SIZE}
     */
    public static void forward(
            KernelContext context,
            int builtIn,
            float scale,
            ShortArray q,
            int qAt,
            ShortArray k,
            int kAt,
            ShortArray v,
            int vAt,
            FloatArray logSumExp,
            int logSumExpAt,
            ShortArray y,
            int yAt,
            int time,
            int heads,
            int size,
            int window) {
        float[] qSlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] kSlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] vSlice = context.allocateFloatLocalArray(SIDE * MOST_SIZE);
        float[] shared = context.allocateFloatLocalArray(TILE * SHARE);
        float[] parts = context.allocateFloatLocalArray(TILE * SHARE);
        float[] scores = new float[SPAN * SPAN];
        float[] sums = new float[SPAN * COLUMNS];
        float[] largest = new float[SPAN];
        float[] total = new float[SPAN];
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE * SPAN;
        int head = context.groupIdy;
        int first = context.groupIdx * TILE;
        int group = head / (Heads.queries(heads) / Heads.keys(heads));
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int at = context.groupIdz * time * stride + head * size;
        int keyAt = context.groupIdz * time * keyStride + group * size;
        int width = columns(size) * SIDE;
        for (int i = 0; i < SPAN * COLUMNS; i++) {
            sums[i] = 0f;
        }
        for (int i = 0; i < SPAN; i++) {
            largest[i] = HIDDEN;
            total[i] = 0f;
        }
        int end = first + TILE < time ? first + TILE : time;
        int begin = first > window ? (first - window) / TILE * TILE : 0;
        for (int key = begin; key < end; key += TILE) {
            // Scores, slice by slice of the head.
            for (int i = 0; i < SPAN * SPAN; i++) {
                scores[i] = 0f;
            }
            for (int depth = Rolled.from(context); depth < size; depth += SIDE) {
                for (int e = context.localIdx; e < SIDE * TILE; e += ITEMS) {
                    int to = e % SIDE * PITCH + e / SIDE;
                    int column = depth + e % SIDE;
                    qSlice[to] = element(q, builtIn, qAt + at, stride, first + e / SIDE, time, column, size);
                    kSlice[to] = element(k, builtIn, kAt + keyAt, keyStride, key + e / SIDE, time, column, size);
                }
                context.localBarrier();
                for (int l = Rolled.from(context); l < SIDE; l++) {
                    for (int i = 0; i < SPAN; i++) {
                        float left = qSlice[l * PITCH + down + i];
                        for (int j = 0; j < SPAN; j++) {
                            scores[i * SPAN + j] += left * kSlice[l * PITCH + across + SIDE * j];
                        }
                    }
                }
                context.localBarrier();
            }
            // Softmax: the items of a line find its largest score, then all of them hold the same statistics.
            for (int i = 0; i < SPAN; i++) {
                float most = HIDDEN;
                for (int j = 0; j < SPAN; j++) {
                    int column = key + across + SIDE * j;
                    int distance = first + down + i - column;
                    float score = HIDDEN;
                    if (distance >= 0 && distance <= window && column < time) {
                        score = scale * scores[i * SPAN + j];
                    }
                    scores[i * SPAN + j] = score;
                    most = TornadoMath.max(most, score);
                }
                shared[(down + i) * SHARE + across] = most;
            }
            context.localBarrier();
            for (int i = 0; i < SPAN; i++) {
                float before = largest[i];
                float most = before;
                for (int l = Rolled.from(context); l < SIDE; l++) {
                    most = TornadoMath.max(most, shared[(down + i) * SHARE + l]);
                }
                float part = 0f;
                for (int j = 0; j < SPAN; j++) {
                    float exponential = 0f;
                    if (scores[i * SPAN + j] > VISIBLE) {
                        exponential = TornadoMath.exp(scores[i * SPAN + j] - most);
                    }
                    scores[i * SPAN + j] = exponential;
                    part += exponential;
                }
                parts[(down + i) * SHARE + across] = part;
                float rescale = TornadoMath.exp(before - most);
                largest[i] = most;
                total[i] *= rescale;
                for (int j = 0; j < columns(size); j++) {
                    sums[i * COLUMNS + j] *= rescale;
                }
            }
            context.localBarrier();
            for (int i = 0; i < SPAN; i++) {
                float sum = total[i];
                for (int l = Rolled.from(context); l < SIDE; l++) {
                    sum += parts[(down + i) * SHARE + l];
                }
                total[i] = sum;
            }
            // Values weighted by the exponentials, SIDE keys at a time.
            for (int j = 0; j < SPAN; j++) {
                for (int e = context.localIdx; e < SIDE * width; e += ITEMS) {
                    int line = key + SIDE * j + e / width;
                    vSlice[e / width * MOST_SIZE + e % width] =
                            element(v, builtIn, vAt + keyAt, keyStride, line, time, e % width, size);
                }
                for (int i = 0; i < SPAN; i++) {
                    shared[(down + i) * SHARE + across] = scores[i * SPAN + j];
                }
                context.localBarrier();
                for (int l = Rolled.from(context); l < SIDE; l++) {
                    for (int i = 0; i < SPAN; i++) {
                        float weight = shared[(down + i) * SHARE + l];
                        for (int c = 0; c < columns(size); c++) {
                            sums[i * COLUMNS + c] += weight * vSlice[l * MOST_SIZE + across + SIDE * c];
                        }
                    }
                }
                context.localBarrier();
            }
        }
        int statistic = (context.groupIdz * Heads.queries(heads) + head) * time;
        for (int i = 0; i < SPAN; i++) {
            int query = first + down + i;
            if (query < time) {
                for (int c = 0; c < columns(size); c++) {
                    int column = across + SIDE * c;
                    if (size % SIDE == 0 || column < size) {
                        float value = sums[i * COLUMNS + c] / total[i];
                        y.set(yAt + at + query * stride + column, Halves.round(value, builtIn));
                    }
                }
                if (across == 0) {
                    logSumExp.set(logSumExpAt + statistic + query, largest[i] + TornadoMath.log(total[i]));
                }
            }
        }
    }
}
