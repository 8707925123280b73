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
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * {@link AttentionGradKernels} over BF16: numbers are converted where they come into local memory, statistics and all sums are in F32, and results are rounded once.
 *
 * <p>{@code builtIn} is 1 where the device converts, 0 where the bits are computed. Scratch memory is that of {@link AttentionGradKernels}.
 */
public final class NarrowAttentionGradKernels {
    private NarrowAttentionGradKernels() {}

    /** As {@link AttentionGradKernels#statistics}. Launch: {@link RowKernels#launch} of batch * time * heads rows of size columns. */
    public static void statistics(
            KernelContext context,
            int builtIn,
            ShortArray y,
            int yAt,
            ShortArray dy,
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
            float value = Halves.widen(y.get(yAt + vector * size + i), builtIn);
            products += value * Halves.widen(dy.get(dyAt + vector * size + i), builtIn);
        }
        float total = Group.sum(context, products);
        if (context.localIdx == 0) {
            int token = vector / heads;
            int place = (token / time * heads + vector % heads) * time + token % time;
            statistics.set(statisticsAt + 2 * place, logSumExp.get(logSumExpAt + place));
            statistics.set(statisticsAt + 2 * place + 1, total);
        }
    }

    /** As {@link AttentionGradKernels#queries}. Launch: {@link AttentionKernels#launch}. */
    public static void queries(
            KernelContext context,
            int builtIn,
            float scale,
            ShortArray q,
            int qAt,
            ShortArray k,
            int kAt,
            ShortArray v,
            int vAt,
            ShortArray dy,
            int dyAt,
            FloatArray statistics,
            int statisticsAt,
            ShortArray dq,
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
                    qSlice[to] = element(q, builtIn, qAt + at, stride, first + e / SIDE, time, column, size);
                    dySlice[to] = element(dy, builtIn, dyAt + at, stride, first + e / SIDE, time, column, size);
                    kSlice[to] = element(k, builtIn, kAt + keyAt, keyStride, key + e / SIDE, time, column, size);
                    vSlice[to] = element(v, builtIn, vAt + keyAt, keyStride, key + e / SIDE, time, column, size);
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
                            element(k, builtIn, kAt + keyAt, keyStride, line, time, e % width, size);
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
                    float value = scale * sums[i * COLUMNS + c];
                    dq.set(dqAt + at + query * stride + column, Halves.round(value, builtIn));
                }
            }
        }
    }

    /** As {@link AttentionGradKernels#keys}. Launch: {@link AttentionGradKernels#keysLaunch}. */
    public static void keys(
            KernelContext context,
            int builtIn,
            float scale,
            ShortArray q,
            int qAt,
            ShortArray k,
            int kAt,
            ShortArray v,
            int vAt,
            ShortArray dy,
            int dyAt,
            FloatArray statistics,
            int statisticsAt,
            ShortArray out,
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
                        kSlice[to] = element(k, builtIn, kAt + keyAt, keyStride, first + e / SIDE, time, column, size);
                        vSlice[to] = element(v, builtIn, vAt + keyAt, keyStride, first + e / SIDE, time, column, size);
                        qSlice[to] = element(q, builtIn, qAt + at, stride, query + e / SIDE, time, column, size);
                        dySlice[to] = element(dy, builtIn, dyAt + at, stride, query + e / SIDE, time, column, size);
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
                        qLines[to] = element(q, builtIn, qAt + at, stride, line, time, e % width, size);
                        dyLines[to] = element(dy, builtIn, dyAt + at, stride, line, time, e % width, size);
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
                        out.set(dkAt + to, Halves.round(scale * keySums[i * COLUMNS + c], builtIn));
                    }
                    if (dvAt >= 0) {
                        out.set(dvAt + to, Halves.round(valueSums[i * COLUMNS + c], builtIn));
                    }
                }
            }
        }
    }
}
