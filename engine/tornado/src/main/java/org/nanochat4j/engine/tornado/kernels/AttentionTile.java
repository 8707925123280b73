package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The two products that attention is made of, on tiles of TILE x TILE scores, for groups of SIDE x SIDE items along x.
 *
 * <p>The item (across, down) = (item % SIDE, item / SIDE) holds the scores of the lines SPAN down + i and across + SIDE j, and the output columns across + SIDE j of
 * the lines SPAN down + i. These methods are inlined into the kernels.
 */
final class AttentionTile {
    /** Queries, and keys, of a tile. */
    static final int TILE = 64;

    /** Items along each side. */
    static final int SIDE = 16;

    /** Items of a group. */
    static final int ITEMS = SIDE * SIDE;

    /** Lines of a tile for each item. */
    static final int SPAN = TILE / SIDE;

    /** Largest head size. */
    static final int MOST_SIZE = 128;

    /** Output columns of an item at most. */
    static final int COLUMNS = MOST_SIZE / SIDE;

    /** Distance of lines in local memory; odd, so that items that walk down do not meet in one bank. */
    static final int PITCH = TILE + 1;

    /** Depth of the slices in local memory. */
    static final int DEPTH = 16;

    /** Numbers of one slice. */
    static final int SLICE = DEPTH * PITCH;

    /** The score of a pair that is not visible. */
    static final float HIDDEN = -1e30f;

    /** Scores above this belong to visible pairs. */
    static final float VISIBLE = -1e29f;

    private AttentionTile() {}

    /** How many output columns an item holds. */
    static int columns(int size) {
        return (size + SIDE - 1) / SIDE;
    }

    /**
     * products[i, j] = a[first of a + SPAN down + i, :] · b[first of b + across + SIDE j, :].
     *
     * @param a lines of size numbers, stride apart; those from the count on are 0
     * @param slices local memory, 2 SLICE numbers, free before and after
     */
    static void products(
            KernelContext context,
            FloatArray a,
            int aAt,
            int aStride,
            int aFirst,
            FloatArray b,
            int bAt,
            int bStride,
            int bFirst,
            int count,
            int size,
            float[] slices,
            float[] products) {
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        for (int i = 0; i < SPAN * SPAN; i++) {
            products[i] = 0f;
        }
        for (int depth = 0; depth < size; depth += DEPTH) {
            slice(context.localIdx, a, aAt, aStride, aFirst, count, depth, size, slices, 0);
            slice(context.localIdx, b, bAt, bStride, bFirst, count, depth, size, slices, SLICE);
            context.localBarrier();
            for (int l = 0; l < DEPTH; l++) {
                for (int i = 0; i < SPAN; i++) {
                    float left = slices[l * PITCH + SPAN * down + i];
                    for (int j = 0; j < SPAN; j++) {
                        products[i * SPAN + j] += left * slices[SLICE + l * PITCH + across + SIDE * j];
                    }
                }
            }
            context.localBarrier();
        }
    }

    /** slices[l, i] = x[first + i, depth + l], 0 from the count and from the size on. */
    private static void slice(
            int item,
            FloatArray x,
            int at,
            int stride,
            int first,
            int count,
            int depth,
            int size,
            float[] slices,
            int sliceAt) {
        for (int part = 0; part < DEPTH * TILE / ITEMS; part++) {
            int element = part * ITEMS + item;
            int l = element % DEPTH;
            int i = element / DEPTH;
            float value = 0f;
            if ((count % TILE == 0 || first + i < count) && (size % DEPTH == 0 || depth + l < size)) {
                value = x.get(at + (first + i) * stride + depth + l);
            }
            slices[sliceAt + l * PITCH + i] = value;
        }
    }

    /**
     * sums[i, j] += Σ over l of weights[SPAN down + i, l] x[first + l, across + SIDE j].
     *
     * @param weights local memory, TILE lines PITCH apart
     * @param x lines of size numbers, stride apart; those from the count on are 0
     * @param slices local memory, 2 SLICE numbers, free before and after
     */
    static void accumulate(
            KernelContext context,
            float[] weights,
            FloatArray x,
            int at,
            int stride,
            int first,
            int count,
            int size,
            float[] slices,
            float[] sums) {
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        int width = columns(size) * SIDE;
        for (int line = 0; line < TILE; line += DEPTH) {
            for (int element = context.localIdx; element < DEPTH * width; element += ITEMS) {
                int l = element / width;
                int column = element % width;
                float value = 0f;
                if ((count % TILE == 0 || first + line + l < count) && (size % SIDE == 0 || column < size)) {
                    value = x.get(at + (first + line + l) * stride + column);
                }
                slices[l * MOST_SIZE + column] = value;
            }
            context.localBarrier();
            for (int l = 0; l < DEPTH; l++) {
                for (int i = 0; i < SPAN; i++) {
                    float weight = weights[(SPAN * down + i) * PITCH + line + l];
                    for (int j = 0; j < columns(size); j++) {
                        sums[i * COLUMNS + j] += weight * slices[l * MOST_SIZE + across + SIDE * j];
                    }
                }
            }
            context.localBarrier();
        }
    }

    /** Zeros the sums of an item. */
    static void clear(float[] sums) {
        for (int i = 0; i < SPAN * COLUMNS; i++) {
            sums[i] = 0f;
        }
    }

    /** Writes factor sums[i, j] to y[first + SPAN down + i, across + SIDE j], lines from the count on left out. */
    static void store(
            KernelContext context,
            float factor,
            float[] sums,
            FloatArray y,
            int at,
            int stride,
            int first,
            int count,
            int size) {
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        for (int i = 0; i < SPAN; i++) {
            int line = first + SPAN * down + i;
            for (int j = 0; j < columns(size); j++) {
                int column = across + SIDE * j;
                if ((count % TILE == 0 || line < count) && (size % SIDE == 0 || column < size)) {
                    y.set(at + line * stride + column, factor * sums[i * COLUMNS + j]);
                }
            }
        }
    }
}
