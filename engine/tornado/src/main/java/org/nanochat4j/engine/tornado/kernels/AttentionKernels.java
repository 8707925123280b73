package org.nanochat4j.engine.tornado.kernels;

import static org.nanochat4j.engine.tornado.kernels.AttentionTile.COLUMNS;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.HIDDEN;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.ITEMS;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.MOST_SIZE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.PITCH;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SIDE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SLICE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SPAN;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.TILE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.VISIBLE;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Causal softmax attention with a sliding window and grouped key-value heads, by tiles with an online softmax. Source: Dao et al. 2022.
 *
 * <p>History: {@code docs/kernels/tornado-attention.md}.
 */
public final class AttentionKernels {
    /** Largest head size that the kernels of this package take. */
    public static final int MOST_HEAD_SIZE = MOST_SIZE;

    /** Items that share a row of scores in the softmax, and scores of each. */
    private static final int SHARE = ITEMS / TILE;

    private static final int RUN = TILE / SHARE;

    private AttentionKernels() {}

    /**
     * The launch of {@link #forward}.
     *
     * @param batch rows of tokens
     * @param time tokens of a row
     * @param heads query heads
     * @return one group for each tile of queries, along x; heads along y, rows along z
     */
    public static Launch launch(int batch, int time, int heads) {
        return Launch.groups(Tiles.count(time, TILE), heads, batch, ITEMS);
    }

    /**
     * The query at t sees the keys of [max(0, t - window), t]; query head h uses key-value head h / (heads / groups).
     *
     * <p>Launch: {@link #launch}.
     *
     * @param scale factor of the scores
     * @param q (batch, time, heads, size), as y
     * @param k (batch, time, groups, size), as v
     * @param logSumExp of the scaled scores (batch, heads, time)
     * @param heads {@link Heads#pack}
     * @param size at most {@link #MOST_HEAD_SIZE}
     */
    public static void forward(
            KernelContext context,
            float scale,
            FloatArray q,
            int qAt,
            FloatArray k,
            int kAt,
            FloatArray v,
            int vAt,
            FloatArray y,
            int yAt,
            FloatArray logSumExp,
            int logSumExpAt,
            int time,
            int heads,
            int size,
            int window) {
        float[] slices = context.allocateFloatLocalArray(2 * SLICE);
        float[] scores = context.allocateFloatLocalArray(TILE * PITCH);
        float[] shared = context.allocateFloatLocalArray(ITEMS);
        float[] largest = context.allocateFloatLocalArray(TILE);
        float[] total = context.allocateFloatLocalArray(TILE);
        float[] factor = context.allocateFloatLocalArray(TILE);
        float[] products = new float[SPAN * SPAN];
        float[] sums = new float[SPAN * COLUMNS];
        int item = context.localIdx;
        int head = context.groupIdy;
        int first = context.groupIdx * TILE;
        int group = head / (Heads.queries(heads) / Heads.keys(heads));
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int at = context.groupIdz * time * stride + head * size;
        int keyAt = context.groupIdz * time * keyStride + group * size;
        AttentionTile.clear(sums);
        if (item < TILE) {
            largest[item] = HIDDEN;
            total[item] = 0f;
        }
        int end = first + TILE < time ? first + TILE : time;
        int begin = first > window ? (first - window) / TILE * TILE : 0;
        for (int key = begin; key < end; key += TILE) {
            AttentionTile.products(
                    context, q, qAt + at, stride, first, k, kAt + keyAt, keyStride, key, time, size, slices, products);
            for (int i = 0; i < SPAN; i++) {
                int line = SPAN * (item / SIDE) + i;
                for (int j = 0; j < SPAN; j++) {
                    int column = item % SIDE + SIDE * j;
                    int distance = first + line - key - column;
                    float score = HIDDEN;
                    if (distance >= 0 && distance <= window && key + column < time) {
                        score = scale * products[i * SPAN + j];
                    }
                    scores[line * PITCH + column] = score;
                }
            }
            context.localBarrier();
            softmax(context, scores, shared, largest, total, factor);
            for (int i = 0; i < SPAN; i++) {
                float rescale = factor[SPAN * (item / SIDE) + i];
                for (int j = 0; j < COLUMNS; j++) {
                    sums[i * COLUMNS + j] *= rescale;
                }
            }
            AttentionTile.accumulate(context, scores, v, vAt + keyAt, keyStride, key, time, size, slices, sums);
        }
        for (int i = 0; i < SPAN; i++) {
            float rescale = 1f / total[SPAN * (item / SIDE) + i];
            for (int j = 0; j < COLUMNS; j++) {
                sums[i * COLUMNS + j] *= rescale;
            }
        }
        AttentionTile.store(context, 1f, sums, y, yAt + at, stride, first, time, size);
        if (item < TILE && first + item < time) {
            int statistic = (context.groupIdz * Heads.queries(heads) + head) * time + first + item;
            logSumExp.set(logSumExpAt + statistic, largest[item] + TornadoMath.log(total[item]));
        }
    }

    /**
     * Turns a tile of scores to exponentials, and adds it to the statistics of its rows: largest score, sum of the exponentials, and the factor by which the
     * new largest score scales what was summed up before.
     */
    private static void softmax(
            KernelContext context, float[] scores, float[] shared, float[] largest, float[] total, float[] factor) {
        int item = context.localIdx;
        int row = item / SHARE;
        int start = row * PITCH + item % SHARE;
        float most = largest[row];
        for (int i = 0; i < RUN; i++) {
            most = TornadoMath.max(most, scores[start + SHARE * i]);
        }
        shared[item] = most;
        context.localBarrier();
        for (int i = 0; i < SHARE; i++) {
            most = TornadoMath.max(most, shared[row * SHARE + i]);
        }
        float sum = 0f;
        for (int i = 0; i < RUN; i++) {
            float score = scores[start + SHARE * i];
            float exponential = 0f;
            if (score > VISIBLE) {
                exponential = TornadoMath.exp(score - most);
            }
            scores[start + SHARE * i] = exponential;
            sum += exponential;
        }
        context.localBarrier();
        shared[item] = sum;
        context.localBarrier();
        if (item % SHARE == 0) {
            float rescale = TornadoMath.exp(largest[row] - most);
            float all = total[row] * rescale;
            for (int i = 0; i < SHARE; i++) {
                all += shared[item + i];
            }
            factor[row] = rescale;
            total[row] = all;
            largest[row] = most;
        }
        context.localBarrier();
    }
}
