package org.nanochat4j.engine.tornado.kernels;

import static org.nanochat4j.engine.tornado.kernels.AttentionTile.COLUMNS;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.HIDDEN;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.ITEMS;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.MOST_SIZE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SIDE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SPAN;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.TILE;

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
     * @param out where both results go
     * @param yAt place of y, negative to leave it out
     * @param logSumExpAt place of the log-sum-exp of the scaled scores (batch, heads, time), negative to leave it out
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
            FloatArray out,
            int yAt,
            int logSumExpAt,
            int time,
            int heads,
            int size,
            int window) {
        float[] scores = new float[SPAN * SPAN];
        float[] sums = new float[SPAN * COLUMNS];
        float[] largest = new float[SPAN];
        float[] total = new float[SPAN];
        float[] factor = new float[SPAN];
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        int head = context.groupIdy;
        int first = context.groupIdx * TILE;
        int group = head / (Heads.queries(heads) / Heads.keys(heads));
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int at = context.groupIdz * time * stride + head * size;
        int keyAt = context.groupIdz * time * keyStride + group * size;
        AttentionTile.clear(sums);
        for (int i = 0; i < SPAN; i++) {
            largest[i] = HIDDEN;
            total[i] = 0f;
        }
        int end = first + TILE < time ? first + TILE : time;
        int begin = first > window ? (first - window) / TILE * TILE : 0;
        for (int key = begin; key < end; key += TILE) {
            AttentionTile.products(
                    context, q, qAt + at, stride, first, k, kAt + keyAt, keyStride, key, time, size, scores);
            for (int i = 0; i < SPAN; i++) {
                for (int j = 0; j < SPAN; j++) {
                    int column = key + across + SIDE * j;
                    int distance = first + SPAN * down + i - column;
                    float score = HIDDEN;
                    if (distance >= 0 && distance <= window && column < time) {
                        score = scale * scores[i * SPAN + j];
                    }
                    scores[i * SPAN + j] = score;
                }
            }
            AttentionTile.softmax(context, scores, largest, total, factor);
            AttentionTile.rescale(sums, factor);
            AttentionTile.accumulate(context, scores, v, vAt + keyAt, keyStride, key, time, size, sums);
        }
        if (yAt >= 0) {
            for (int i = 0; i < SPAN; i++) {
                factor[i] = 1f / total[i];
            }
            AttentionTile.rescale(sums, factor);
            AttentionTile.store(context, 1f, sums, out, yAt + at, stride, first, time, size);
        }
        if (logSumExpAt >= 0 && across == 0) {
            int statistic = logSumExpAt + (context.groupIdz * Heads.queries(heads) + head) * time;
            for (int i = 0; i < SPAN; i++) {
                int query = first + SPAN * down + i;
                if (query < time) {
                    out.set(statistic + query, largest[i] + TornadoMath.log(total[i]));
                }
            }
        }
    }
}
