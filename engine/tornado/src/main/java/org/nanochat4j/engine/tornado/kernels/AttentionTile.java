package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What attention is made of, on tiles of TILE x TILE scores, for groups of SIDE x SIDE items along x.
 *
 * <p>The item (across, down) = (item % SIDE, item / SIDE) holds the scores of the lines SPAN down + i with the columns across + SIDE j in a private array, and the
 * output columns across + SIDE j of the same lines. These methods are inlined into the kernels; each has its local memory to itself, see {@link Group}.
 */
final class AttentionTile {
    /** Queries, and keys, of a tile. */
    static final int TILE = 64;

    /** Items along each side. */
    static final int SIDE = 16;

    /** Items of a group. */
    static final int ITEMS = SIDE * SIDE;

    /** Lines, and columns, of a tile for each item. */
    static final int SPAN = TILE / SIDE;

    /** Largest head size. */
    static final int MOST_SIZE = 128;

    /** Output columns of an item at most. */
    static final int COLUMNS = MOST_SIZE / SIDE;

    /** The score of a pair that is not visible. */
    static final float HIDDEN = -1e30f;

    /** Scores above this belong to visible pairs. */
    private static final float VISIBLE = -1e29f;

    /** Distance of lines in local memory; odd, so that items that walk down do not meet in one bank. */
    private static final int PITCH = TILE + 1;

    /** Depth of the slices in local memory. */
    private static final int DEPTH = 16;

    private AttentionTile() {}

    /** How many output columns an item holds. */
    private static int columns(int size) {
        return (size + SIDE - 1) / SIDE;
    }

    /**
     * products[i, j] = a[first of a + SPAN down + i, :] · b[first of b + across + SIDE j, :].
     *
     * @param a lines of size numbers, stride apart; those from the count on are 0, as in b
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
            float[] products) {
        float[] aSlice = context.allocateFloatLocalArray(DEPTH * PITCH);
        float[] bSlice = context.allocateFloatLocalArray(DEPTH * PITCH);
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        for (int i = 0; i < SPAN * SPAN; i++) {
            products[i] = 0f;
        }
        for (int depth = 0; depth < size; depth += DEPTH) {
            for (int part = 0; part < DEPTH * TILE / ITEMS; part++) {
                int element = part * ITEMS + context.localIdx;
                int l = element % DEPTH;
                int i = element / DEPTH;
                aSlice[l * PITCH + i] = element(a, aAt, aStride, aFirst + i, count, depth + l, size);
                bSlice[l * PITCH + i] = element(b, bAt, bStride, bFirst + i, count, depth + l, size);
            }
            context.localBarrier();
            for (int l = 0; l < DEPTH; l++) {
                for (int i = 0; i < SPAN; i++) {
                    float left = aSlice[l * PITCH + SPAN * down + i];
                    for (int j = 0; j < SPAN; j++) {
                        products[i * SPAN + j] += left * bSlice[l * PITCH + across + SIDE * j];
                    }
                }
            }
            context.localBarrier();
        }
    }

    /** x[line, column], 0 from the count and from the size on. */
    private static float element(FloatArray x, int at, int stride, int line, int count, int column, int size) {
        float value = 0f;
        if ((count % TILE == 0 || line < count) && (size % DEPTH == 0 || column < size)) {
            value = x.get(at + line * stride + column);
        }
        return value;
    }

    /**
     * Turns scores to exponentials, and adds them to the statistics of their lines, which every item of a line holds alike: the largest score, the sum of the
     * exponentials, and the factor by which a new largest score scales what was summed up before.
     */
    static void softmax(KernelContext context, float[] scores, float[] largest, float[] total, float[] factor) {
        float[] most = context.allocateFloatLocalArray(TILE * (SIDE + 1));
        float[] part = context.allocateFloatLocalArray(TILE * (SIDE + 1));
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        for (int i = 0; i < SPAN; i++) {
            float own = HIDDEN;
            for (int j = 0; j < SPAN; j++) {
                own = TornadoMath.max(own, scores[i * SPAN + j]);
            }
            most[(SPAN * down + i) * (SIDE + 1) + across] = own;
        }
        context.localBarrier();
        for (int i = 0; i < SPAN; i++) {
            float before = largest[i];
            float now = before;
            for (int l = 0; l < SIDE; l++) {
                now = TornadoMath.max(now, most[(SPAN * down + i) * (SIDE + 1) + l]);
            }
            float sum = 0f;
            for (int j = 0; j < SPAN; j++) {
                float score = scores[i * SPAN + j];
                float exponential = 0f;
                if (score > VISIBLE) {
                    exponential = TornadoMath.exp(score - now);
                }
                scores[i * SPAN + j] = exponential;
                sum += exponential;
            }
            part[(SPAN * down + i) * (SIDE + 1) + across] = sum;
            largest[i] = now;
            factor[i] = TornadoMath.exp(before - now);
        }
        context.localBarrier();
        for (int i = 0; i < SPAN; i++) {
            float sum = total[i] * factor[i];
            for (int l = 0; l < SIDE; l++) {
                sum += part[(SPAN * down + i) * (SIDE + 1) + l];
            }
            total[i] = sum;
        }
    }

    /**
     * sums[i, j] += Σ over the columns l of the tile of weights[SPAN down + i, l] x[first + l, across + SIDE j].
     *
     * @param weights of the item, as scores
     * @param x lines of size numbers, stride apart; those from the count on are 0
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
            float[] sums) {
        float[] slice = context.allocateFloatLocalArray(SIDE * MOST_SIZE);
        float[] shared = context.allocateFloatLocalArray(TILE * (SIDE + 1));
        int across = context.localIdx % SIDE;
        int down = context.localIdx / SIDE;
        int width = columns(size) * SIDE;
        for (int j = 0; j < SPAN; j++) {
            for (int element = context.localIdx; element < SIDE * width; element += ITEMS) {
                int l = element / width;
                int column = element % width;
                slice[l * MOST_SIZE + column] = element(x, at, stride, first + SIDE * j + l, count, column, size);
            }
            for (int i = 0; i < SPAN; i++) {
                shared[(SPAN * down + i) * (SIDE + 1) + across] = weights[i * SPAN + j];
            }
            context.localBarrier();
            for (int l = 0; l < SIDE; l++) {
                for (int i = 0; i < SPAN; i++) {
                    float weight = shared[(SPAN * down + i) * (SIDE + 1) + l];
                    for (int column = 0; column < columns(size); column++) {
                        sums[i * COLUMNS + column] += weight * slice[l * MOST_SIZE + across + SIDE * column];
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

    /** Multiplies the sums of each line by its factor. */
    static void rescale(float[] sums, float[] factor) {
        for (int i = 0; i < SPAN; i++) {
            for (int column = 0; column < COLUMNS; column++) {
                sums[i * COLUMNS + column] *= factor[i];
            }
        }
    }

    /** Writes the sums, times a factor, to y[first + SPAN down + i, across + SIDE j]; lines from the count on are left out. */
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
