package org.nanochat4j.engine.tornado.kernels;

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
        float[] qSlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] kSlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] dySlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] vSlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] lines = context.allocateFloatLocalArray(SIDE * MOST_SIZE);
        float[] shared = context.allocateFloatLocalArray(TILE * SHARE);
        float[] scores = new float[SPAN * SPAN];
        float[] changes = new float[SPAN * SPAN];
        float[] sums = new float[SPAN * COLUMNS];
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE * SPAN;
        int head = context.groupIdy;
        int first = context.groupIdx * TILE;
        int group = head / (Heads.queries(heads) / Heads.keys(heads));
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int at = context.groupIdz * time * stride + head * size;
        int keyAt = context.groupIdz * time * keyStride + group * size;
        int statistic = statisticsAt + 2 * (context.groupIdz * Heads.queries(heads) + head) * time;
        int width = columns(size) * SIDE;
        for (int i = 0; i < SPAN * COLUMNS; i++) {
            sums[i] = 0f;
        }
        int end = first + TILE < time ? first + TILE : time;
        int begin = first > window ? (first - window) / TILE * TILE : 0;
        for (int key = begin; key < end; key += TILE) {
            for (int i = 0; i < SPAN * SPAN; i++) {
                scores[i] = 0f;
                changes[i] = 0f;
            }
            for (int depth = Rolled.from(context); depth < size; depth += SIDE) {
                for (int e = context.localIdx; e < SIDE * TILE; e += ITEMS) {
                    int to = e % SIDE * PITCH + e / SIDE;
                    int column = depth + e % SIDE;
                    qSlice[to] = element(q, qAt + at, stride, first + e / SIDE, time, column, size);
                    dySlice[to] = element(dy, dyAt + at, stride, first + e / SIDE, time, column, size);
                    kSlice[to] = element(k, kAt + keyAt, keyStride, key + e / SIDE, time, column, size);
                    vSlice[to] = element(v, vAt + keyAt, keyStride, key + e / SIDE, time, column, size);
                }
                context.localBarrier();
                for (int l = Rolled.from(context); l < SIDE; l++) {
                    for (int i = 0; i < SPAN; i++) {
                        float query = qSlice[l * PITCH + down + i];
                        float gradient = dySlice[l * PITCH + down + i];
                        for (int j = 0; j < SPAN; j++) {
                            scores[i * SPAN + j] += query * kSlice[l * PITCH + across + SIDE * j];
                            changes[i * SPAN + j] += gradient * vSlice[l * PITCH + across + SIDE * j];
                        }
                    }
                }
                context.localBarrier();
            }
            for (int i = 0; i < SPAN; i++) {
                int query = first + down + i;
                for (int j = 0; j < SPAN; j++) {
                    int distance = query - key - across - SIDE * j;
                    float ds = 0f;
                    if (distance >= 0 && distance <= window && query < time) {
                        float p = TornadoMath.exp(scale * scores[i * SPAN + j] - statistics.get(statistic + 2 * query));
                        ds = p * (changes[i * SPAN + j] - statistics.get(statistic + 2 * query + 1));
                    }
                    changes[i * SPAN + j] = ds;
                }
            }
            for (int j = 0; j < SPAN; j++) {
                for (int e = context.localIdx; e < SIDE * width; e += ITEMS) {
                    int line = key + SIDE * j + e / width;
                    lines[e / width * MOST_SIZE + e % width] =
                            element(k, kAt + keyAt, keyStride, line, time, e % width, size);
                }
                for (int i = 0; i < SPAN; i++) {
                    shared[(down + i) * SHARE + across] = changes[i * SPAN + j];
                }
                context.localBarrier();
                for (int l = Rolled.from(context); l < SIDE; l++) {
                    for (int i = 0; i < SPAN; i++) {
                        float weight = shared[(down + i) * SHARE + l];
                        for (int c = 0; c < columns(size); c++) {
                            sums[i * COLUMNS + c] += weight * lines[l * MOST_SIZE + across + SIDE * c];
                        }
                    }
                }
                context.localBarrier();
            }
        }
        for (int i = 0; i < SPAN; i++) {
            int query = first + down + i;
            for (int c = 0; c < columns(size); c++) {
                int column = across + SIDE * c;
                if (query < time && (size % SIDE == 0 || column < size)) {
                    dq.set(dqAt + at + query * stride + column, scale * sums[i * COLUMNS + c]);
                }
            }
        }
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
        float[] kSlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] qSlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] vSlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] dySlice = context.allocateFloatLocalArray(SIDE * PITCH);
        float[] qLines = context.allocateFloatLocalArray(SIDE * MOST_SIZE);
        float[] dyLines = context.allocateFloatLocalArray(SIDE * MOST_SIZE);
        float[] keyWeights = context.allocateFloatLocalArray(TILE * SHARE);
        float[] valueWeights = context.allocateFloatLocalArray(TILE * SHARE);
        float[] scores = new float[SPAN * SPAN];
        float[] changes = new float[SPAN * SPAN];
        float[] keySums = new float[SPAN * COLUMNS];
        float[] valueSums = new float[SPAN * COLUMNS];
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE * SPAN;
        int group = context.groupIdy;
        int first = context.groupIdx * TILE;
        int members = Heads.queries(heads) / Heads.keys(heads);
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int keyAt = context.groupIdz * time * keyStride + group * size;
        int width = columns(size) * SIDE;
        for (int i = 0; i < SPAN * COLUMNS; i++) {
            keySums[i] = 0f;
            valueSums[i] = 0f;
        }
        int reach = window < time ? first + TILE + window : time;
        int end = reach < time ? reach : time;
        for (int head = group * members; head < (group + 1) * members; head++) {
            int at = context.groupIdz * time * stride + head * size;
            int statistic = statisticsAt + 2 * (context.groupIdz * Heads.queries(heads) + head) * time;
            for (int query = first; query < end; query += TILE) {
                for (int i = 0; i < SPAN * SPAN; i++) {
                    scores[i] = 0f;
                    changes[i] = 0f;
                }
                for (int depth = Rolled.from(context); depth < size; depth += SIDE) {
                    for (int e = context.localIdx; e < SIDE * TILE; e += ITEMS) {
                        int to = e % SIDE * PITCH + e / SIDE;
                        int column = depth + e % SIDE;
                        kSlice[to] = element(k, kAt + keyAt, keyStride, first + e / SIDE, time, column, size);
                        vSlice[to] = element(v, vAt + keyAt, keyStride, first + e / SIDE, time, column, size);
                        qSlice[to] = element(q, qAt + at, stride, query + e / SIDE, time, column, size);
                        dySlice[to] = element(dy, dyAt + at, stride, query + e / SIDE, time, column, size);
                    }
                    context.localBarrier();
                    for (int l = Rolled.from(context); l < SIDE; l++) {
                        for (int i = 0; i < SPAN; i++) {
                            float key = kSlice[l * PITCH + down + i];
                            float value = vSlice[l * PITCH + down + i];
                            for (int j = 0; j < SPAN; j++) {
                                scores[i * SPAN + j] += key * qSlice[l * PITCH + across + SIDE * j];
                                changes[i * SPAN + j] += value * dySlice[l * PITCH + across + SIDE * j];
                            }
                        }
                    }
                    context.localBarrier();
                }
                for (int j = 0; j < SPAN; j++) {
                    int line = query + across + SIDE * j;
                    for (int i = 0; i < SPAN; i++) {
                        int distance = line - first - down - i;
                        float p = 0f;
                        float ds = 0f;
                        if (distance >= 0 && distance <= window && line < time) {
                            p = TornadoMath.exp(scale * scores[i * SPAN + j] - statistics.get(statistic + 2 * line));
                            ds = p * (changes[i * SPAN + j] - statistics.get(statistic + 2 * line + 1));
                        }
                        scores[i * SPAN + j] = p;
                        changes[i * SPAN + j] = ds;
                    }
                }
                for (int j = 0; j < SPAN; j++) {
                    for (int e = context.localIdx; e < SIDE * width; e += ITEMS) {
                        int line = query + SIDE * j + e / width;
                        int to = e / width * MOST_SIZE + e % width;
                        qLines[to] = element(q, qAt + at, stride, line, time, e % width, size);
                        dyLines[to] = element(dy, dyAt + at, stride, line, time, e % width, size);
                    }
                    for (int i = 0; i < SPAN; i++) {
                        keyWeights[(down + i) * SHARE + across] = changes[i * SPAN + j];
                        valueWeights[(down + i) * SHARE + across] = scores[i * SPAN + j];
                    }
                    context.localBarrier();
                    for (int l = Rolled.from(context); l < SIDE; l++) {
                        for (int i = 0; i < SPAN; i++) {
                            float keyWeight = keyWeights[(down + i) * SHARE + l];
                            float valueWeight = valueWeights[(down + i) * SHARE + l];
                            for (int c = 0; c < columns(size); c++) {
                                int column = l * MOST_SIZE + across + SIDE * c;
                                keySums[i * COLUMNS + c] += keyWeight * qLines[column];
                                valueSums[i * COLUMNS + c] += valueWeight * dyLines[column];
                            }
                        }
                    }
                    context.localBarrier();
                }
            }
        }
        for (int i = 0; i < SPAN; i++) {
            int key = first + down + i;
            for (int c = 0; c < columns(size); c++) {
                int column = across + SIDE * c;
                if (key < time && (size % SIDE == 0 || column < size)) {
                    int to = keyAt + key * keyStride + column;
                    if (dkAt >= 0) {
                        out.set(dkAt + to, scale * keySums[i * COLUMNS + c]);
                    }
                    if (dvAt >= 0) {
                        out.set(dvAt + to, valueSums[i * COLUMNS + c]);
                    }
                }
            }
        }
    }
}
