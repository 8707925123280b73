package org.nanochat4j.engine.tornado.kernels;

import static org.nanochat4j.engine.tornado.kernels.AttentionTile.COLUMNS;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.ITEMS;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SIDE;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.SPAN;
import static org.nanochat4j.engine.tornado.kernels.AttentionTile.TILE;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Backward pass of {@link AttentionKernels}: probabilities are recomputed by tiles from the saved log-sum-exp. Source: Dao et al. 2022, algorithm 4.
 *
 * <p>Three tasks: {@link #statistics}, then {@link #queries} and {@link #keys}. Every group owns what it writes, so nothing is added up atomically and
 * results repeat.
 */
public final class AttentionGradKernels {
    private AttentionGradKernels() {}

    /**
     * Scratch memory of the backward pass.
     *
     * @param batch rows of tokens
     * @param time tokens of a row
     * @param heads query heads
     * @return numbers
     */
    public static int scratch(int batch, int time, int heads) {
        return Math.multiplyExact(2, batch * time * heads);
    }

    /**
     * For each query and head its log-sum-exp and dy · y, side by side: (batch, heads, time, 2).
     *
     * <p>Launch: {@link RowKernels#launch} of batch * time * heads rows of size columns.
     *
     * @param y (batch, time, heads, size), as dy
     * @param logSumExp (batch, heads, time)
     * @param statistics {@link #scratch} numbers
     * @param heads query heads, not packed
     */
    public static void statistics(
            KernelContext context,
            FloatArray y,
            int yAt,
            FloatArray dy,
            int dyAt,
            FloatArray logSumExp,
            int logSumExpAt,
            FloatArray statistics,
            int statisticsAt,
            int time,
            int heads,
            int size) {
        int vector = context.groupIdx;
        float products = 0f;
        for (int i = context.localIdx; i < size; i += context.localGroupSizeX) {
            products += y.get(yAt + vector * size + i) * dy.get(dyAt + vector * size + i);
        }
        float total = Group.sum(context, products);
        if (context.localIdx == 0) {
            int token = vector / heads;
            int place = (token / time * heads + vector % heads) * time + token % time;
            statistics.set(statisticsAt + 2 * place, logSumExp.get(logSumExpAt + place));
            statistics.set(statisticsAt + 2 * place + 1, total);
        }
    }

    /**
     * dq = scale Σ over keys of ds k, where ds = p (dy · v - dy · y).
     *
     * <p>Launch: {@link AttentionKernels#launch}. Shapes as in {@link AttentionKernels#forward}; dy and dq as q.
     *
     * @param statistics of {@link #statistics}
     * @param heads {@link Heads#pack}
     */
    public static void queries(
            KernelContext context,
            float scale,
            FloatArray q,
            int qAt,
            FloatArray k,
            int kAt,
            FloatArray v,
            int vAt,
            FloatArray dy,
            int dyAt,
            FloatArray statistics,
            int statisticsAt,
            FloatArray dq,
            int dqAt,
            int time,
            int heads,
            int size,
            int window) {
        float[] scores = new float[SPAN * SPAN];
        float[] changes = new float[SPAN * SPAN];
        float[] sums = new float[SPAN * COLUMNS];
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        int head = context.groupIdy;
        int first = context.groupIdx * TILE;
        int group = head / (Heads.queries(heads) / Heads.keys(heads));
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int at = context.groupIdz * time * stride + head * size;
        int keyAt = context.groupIdz * time * keyStride + group * size;
        int statistic = statisticsAt + 2 * (context.groupIdz * Heads.queries(heads) + head) * time;
        AttentionTile.clear(sums);
        int end = first + TILE < time ? first + TILE : time;
        int begin = first > window ? (first - window) / TILE * TILE : 0;
        for (int key = begin; key < end; key += TILE) {
            AttentionTile.products(
                    context, q, qAt + at, stride, first, k, kAt + keyAt, keyStride, key, time, size, scores);
            AttentionTile.products(
                    context, dy, dyAt + at, stride, first, v, vAt + keyAt, keyStride, key, time, size, changes);
            for (int i = 0; i < SPAN; i++) {
                int query = first + SPAN * down + i;
                int place = statistic + 2 * query;
                for (int j = 0; j < SPAN; j++) {
                    int distance = query - key - across - SIDE * j;
                    float ds = 0f;
                    if (distance >= 0 && distance <= window && query < time) {
                        float p = TornadoMath.exp(scale * scores[i * SPAN + j] - statistics.get(place));
                        ds = p * (changes[i * SPAN + j] - statistics.get(place + 1));
                    }
                    changes[i * SPAN + j] = ds;
                }
            }
            AttentionTile.accumulate(context, changes, k, kAt + keyAt, keyStride, key, time, size, sums);
        }
        AttentionTile.store(context, scale, sums, dq, dqAt + at, stride, first, time, size);
    }

    /**
     * The launch of {@link #keys}.
     *
     * @param batch rows of tokens
     * @param time tokens of a row
     * @param groups key-value heads
     * @return one group for each tile of keys, along x; key-value heads along y, rows along z
     */
    public static Launch keysLaunch(int batch, int time, int groups) {
        return Launch.groups(Tiles.count(time, TILE), groups, batch, ITEMS);
    }

    /**
     * dv = Σ over queries of p dy, and dk = scale Σ over queries of ds q, over all query heads of a key-value head.
     *
     * <p>Launch: {@link #keysLaunch}. Shapes as in {@link AttentionKernels#forward}; dy as q, dk and dv as k.
     *
     * @param statistics of {@link #statistics}
     * @param out where both results go
     * @param dkAt place of dk, negative to leave it out
     * @param dvAt place of dv, negative to leave it out
     * @param heads {@link Heads#pack}
     */
    public static void keys(
            KernelContext context,
            float scale,
            FloatArray q,
            int qAt,
            FloatArray k,
            int kAt,
            FloatArray v,
            int vAt,
            FloatArray dy,
            int dyAt,
            FloatArray statistics,
            int statisticsAt,
            FloatArray out,
            int dkAt,
            int dvAt,
            int time,
            int heads,
            int size,
            int window) {
        float[] scores = new float[SPAN * SPAN];
        float[] changes = new float[SPAN * SPAN];
        float[] keySums = new float[SPAN * COLUMNS];
        float[] valueSums = new float[SPAN * COLUMNS];
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        int group = context.groupIdy;
        int first = context.groupIdx * TILE;
        int members = Heads.queries(heads) / Heads.keys(heads);
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int keyAt = context.groupIdz * time * keyStride + group * size;
        AttentionTile.clear(keySums);
        AttentionTile.clear(valueSums);
        int reach = window < time ? first + TILE + window : time;
        int end = reach < time ? reach : time;
        for (int head = group * members; head < (group + 1) * members; head++) {
            int at = context.groupIdz * time * stride + head * size;
            int statistic = statisticsAt + 2 * (context.groupIdz * Heads.queries(heads) + head) * time;
            for (int query = first; query < end; query += TILE) {
                AttentionTile.products(
                        context, k, kAt + keyAt, keyStride, first, q, qAt + at, stride, query, time, size, scores);
                AttentionTile.products(
                        context, v, vAt + keyAt, keyStride, first, dy, dyAt + at, stride, query, time, size, changes);
                for (int i = 0; i < SPAN; i++) {
                    int key = first + SPAN * down + i;
                    for (int j = 0; j < SPAN; j++) {
                        int line = query + across + SIDE * j;
                        int place = statistic + 2 * line;
                        float p = 0f;
                        float ds = 0f;
                        if (line >= key && line - key <= window && line < time) {
                            p = TornadoMath.exp(scale * scores[i * SPAN + j] - statistics.get(place));
                            ds = p * (changes[i * SPAN + j] - statistics.get(place + 1));
                        }
                        scores[i * SPAN + j] = p;
                        changes[i * SPAN + j] = ds;
                    }
                }
                AttentionTile.accumulate(context, scores, dy, dyAt + at, stride, query, time, size, valueSums);
                AttentionTile.accumulate(context, changes, q, qAt + at, stride, query, time, size, keySums);
            }
        }
        if (dkAt >= 0) {
            AttentionTile.store(context, scale, keySums, out, dkAt + keyAt, keyStride, first, time, size);
        }
        if (dvAt >= 0) {
            AttentionTile.store(context, 1f, valueSums, out, dvAt + keyAt, keyStride, first, time, size);
        }
    }
}
