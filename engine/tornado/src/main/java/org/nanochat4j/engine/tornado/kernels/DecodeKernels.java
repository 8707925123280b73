package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Attention of one new token per row over a key-value cache. */
public final class DecodeKernels {
    /** Items of a group, keys of a tile, and the largest head size. */
    private static final int ITEMS = 128;

    private static final float HIDDEN = -1e30f;

    private DecodeKernels() {}

    /**
     * The launch of {@link #attention}.
     *
     * @param batch rows
     * @param heads query heads
     * @return one group for each head, along x, and row, along y
     */
    public static Launch launch(int batch, int heads) {
        return Launch.groups(heads, batch, 1, ITEMS);
    }

    /**
     * A query at position p sees the keys of [max(0, p - window), p]. NaN where the position is outside the cache.
     *
     * <p>Launch: {@link #launch}.
     *
     * @param q (batch, 1, heads, size), as y
     * @param keys (batch, room, groups, size), as values
     * @param positions (batch)
     * @param room positions of the cache
     * @param heads {@link Heads#pack}
     * @param size at most {@link AttentionKernels#MOST_HEAD_SIZE}
     */
    public static void attention(
            KernelContext context,
            float scale,
            FloatArray q,
            int qAt,
            FloatArray keys,
            int keysAt,
            FloatArray values,
            int valuesAt,
            IntArray positions,
            int positionsAt,
            FloatArray y,
            int yAt,
            int room,
            int heads,
            int size,
            int window) {
        float[] query = context.allocateFloatLocalArray(ITEMS);
        float[] weights = context.allocateFloatLocalArray(ITEMS);
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.groupIdy;
        int group = head / (Heads.queries(heads) / Heads.keys(heads));
        int stride = Heads.keys(heads) * size;
        int start = row * room * stride + group * size;
        int at = (row * Heads.queries(heads) + head) * size;
        int position = positions.get(positionsAt + row);
        int end = position < room ? position + 1 : room;
        int begin = position > window ? position - window : 0;
        if (item < size) {
            query[item] = q.get(qAt + at + item);
        }
        context.localBarrier();
        float largest = HIDDEN;
        float total = 0f;
        float sum = 0f;
        for (int tile = begin; tile < end; tile += ITEMS) {
            int key = tile + item;
            float score = HIDDEN;
            if (key < end) {
                float product = 0f;
                for (int i = Rolled.from(context); i < size; i++) {
                    product += query[i] * keys.get(keysAt + start + key * stride + i);
                }
                score = scale * product;
            }
            float most = TornadoMath.max(largest, Group.max(context, score));
            float rescale = TornadoMath.exp(largest - most);
            float weight = 0f;
            if (key < end) {
                weight = TornadoMath.exp(score - most);
            }
            weights[item] = weight;
            context.localBarrier();
            total = total * rescale + weight;
            sum = sum * rescale;
            if (item < size) {
                int count = end - tile < ITEMS ? end - tile : ITEMS;
                for (int l = 0; l < count; l++) {
                    sum += weights[l] * values.get(valuesAt + start + (tile + l) * stride + item);
                }
            }
            largest = most;
            context.localBarrier();
        }
        float all = Group.sum(context, total);
        if (position < 0 || position >= room) {
            all = Poison.because(position);
        }
        if (item < size) {
            y.set(yAt + at + item, sum / all);
        }
    }
}
