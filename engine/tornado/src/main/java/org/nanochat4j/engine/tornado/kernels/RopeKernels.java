package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Rotary position embedding. Source: Su et al. 2021, with the sign of the transpose. */
public final class RopeKernels {
    private RopeKernels() {}

    /**
     * Rotates the pairs (j, j + size / 2) of every head: y1 = x1 cos + x2 sin, y2 = x2 cos - x1 sin; NaN where a position is outside the tables.
     *
     * <p>Launch: {@link Launch#elements} of half the elements of x, one item for each pair; y may be x.
     *
     * @param x (batch, time, heads, size), as y
     * @param cos (positions, size / 2), as sin
     * @param start position of the first token of each row (batch)
     * @param sign 1, or -1 to rotate back
     */
    public static void rope(
            KernelContext context,
            float sign,
            FloatArray x,
            int xAt,
            FloatArray cos,
            int cosAt,
            FloatArray sin,
            int sinAt,
            IntArray start,
            int startAt,
            FloatArray y,
            int yAt,
            int batch,
            int time,
            int heads,
            int size,
            int positions) {
        int pair = context.globalIdx;
        int half = size / 2;
        if (pair < batch * time * heads * half) {
            int j = pair % half;
            int token = pair / half / heads;
            int position = start.get(startAt + token / time) + token % time;
            int first = (pair / half) * size + j;
            float x1 = x.get(xAt + first);
            float x2 = x.get(xAt + first + half);
            if (position >= 0 && position < positions) {
                float c = cos.get(cosAt + position * half + j);
                float s = sign * sin.get(sinAt + position * half + j);
                y.set(yAt + first, x1 * c + x2 * s);
                y.set(yAt + first + half, x2 * c - x1 * s);
            } else {
                y.set(yAt + first, Poison.because(position));
                y.set(yAt + first + half, Poison.because(position));
            }
        }
    }
}
