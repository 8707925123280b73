package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Sizes of the tiles of attention, and how tensors are read into them.
 *
 * <p>A group of SIDE x SIDE items along x works on TILE x TILE scores. The item (across, down) = (item % SIDE, item / SIDE) holds, in private arrays, the scores of the
 * lines SPAN down + i with the columns across + SIDE j, and the output columns across + SIDE j of the same lines. What uses private or local arrays stands in the
 * kernels themselves, for TornadoVM 5.2 fails on methods that take them (see {@code docs/kernels/tornado-attention.md}).
 */
final class AttentionTile {
    /** Queries, and keys, of a tile. */
    static final int TILE = 64;

    /** Items along each side; also the depth of slices in local memory. */
    static final int SIDE = 16;

    /** Items of a group. */
    static final int ITEMS = SIDE * SIDE;

    /** Lines, and columns, of a tile for each item. */
    static final int SPAN = TILE / SIDE;

    /** Largest head size. */
    static final int MOST_SIZE = 128;

    /** Output columns of an item at most. */
    static final int COLUMNS = MOST_SIZE / SIDE;

    /** Distance of lines in slices of the head; odd, so that items that walk down do not meet in one bank. */
    static final int PITCH = TILE + 1;

    /** Distance of lines of what the items of a line share. */
    static final int SHARE = SIDE + 1;

    private AttentionTile() {}

    /** How many output columns an item holds. */
    static int columns(int size) {
        return (size + SIDE - 1) / SIDE;
    }

    /** x[line, column], 0 from the count and from the size on. */
    static float element(FloatArray x, int at, int stride, int line, int count, int column, int size) {
        float value = 0f;
        if ((count % TILE == 0 || line < count) && (size % SIDE == 0 || column < size)) {
            value = x.get(at + line * stride + column);
        }
        return value;
    }

    /** The same of BF16 numbers, as F32. */
    static float element(ShortArray x, int builtIn, int at, int stride, int line, int count, int column, int size) {
        float value = 0f;
        if ((count % TILE == 0 || line < count) && (size % SIDE == 0 || column < size)) {
            value = Halves.widen(x.get(at + line * stride + column), builtIn);
        }
        return value;
    }
}
