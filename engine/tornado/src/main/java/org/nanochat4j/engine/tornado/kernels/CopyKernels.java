package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Kernels that only move numbers. */
public final class CopyKernels {
    private CopyKernels() {}

    /** y = x. Launch: {@link Launch#elements} of n. */
    public static void copy(KernelContext context, FloatArray x, int xAt, FloatArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, x.get(xAt + i));
        }
    }

    /** y = x for integers. Launch: {@link Launch#elements} of n. */
    public static void copyInts(KernelContext context, IntArray x, int xAt, IntArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, x.get(xAt + i));
        }
    }

    /** y = 0 for integers. Launch: {@link Launch#elements} of n. */
    public static void zeroInts(KernelContext context, IntArray y, int yAt, int n) {
        int i = context.globalIdx;
        if (i < n) {
            y.set(yAt + i, 0);
        }
    }

    /**
     * Moves blocks of consecutive numbers: {@code y[b, j] = x[b, j - shift]}, and 0 where x has no such number.
     *
     * <p>With a tensor flattened to (outer, axis, inner) this is slicing (shift = -start inner), padding (shift = before inner), joining (one call for each part,
     * yAt and yLength those of the part) and moving along time (shift = steps inner). Launch: {@link Launch#elements} of blocks * yLength.
     *
     * @param xLength numbers of a block of x; blocks follow each other without a gap
     * @param yStride numbers from one block of y to the next
     * @param yLength numbers written of a block of y
     */
    public static void moveBlocks(
            KernelContext context,
            FloatArray x,
            int xAt,
            int xLength,
            FloatArray y,
            int yAt,
            int yStride,
            int yLength,
            int shift,
            int blocks) {
        int i = context.globalIdx;
        if (i < blocks * yLength) {
            int block = i / yLength;
            int to = i % yLength;
            int from = to - shift;
            float value = 0f;
            if (from >= 0 && from < xLength) {
                value = x.get(xAt + block * xLength + from);
            }
            y.set(yAt + block * yStride + to, value);
        }
    }

    /** {@link #moveBlocks} for numbers of BF16. */
    public static void moveHalves(
            KernelContext context,
            ShortArray x,
            int xAt,
            int xLength,
            ShortArray y,
            int yAt,
            int yStride,
            int yLength,
            int shift,
            int blocks) {
        int i = context.globalIdx;
        if (i < blocks * yLength) {
            int block = i / yLength;
            int to = i % yLength;
            int from = to - shift;
            int bits = 0;
            if (from >= 0 && from < xLength) {
                bits = x.get(xAt + block * xLength + from);
            }
            y.set(yAt + block * yStride + to, (short) bits);
        }
    }

    /**
     * Writes keys or values of new tokens into a cache: {@code cache[b, start[b] + t] = x[b, t]}; positions beyond the cache are left out.
     *
     * <p>Launch: {@link Launch#elements} of batch * time * width.
     *
     * @param x (batch, time, width)
     * @param start positions of the first tokens (batch)
     * @param cache (batch, positions, width)
     */
    public static void append(
            KernelContext context,
            FloatArray x,
            int xAt,
            IntArray start,
            int startAt,
            FloatArray cache,
            int cacheAt,
            int batch,
            int time,
            int positions,
            int width) {
        int i = context.globalIdx;
        if (i < batch * time * width) {
            int token = i / width;
            int row = token / time;
            int position = start.get(startAt + row) + token % time;
            if (position >= 0 && position < positions) {
                cache.set(cacheAt + (row * positions + position) * width + i % width, x.get(xAt + i));
            }
        }
    }
}
