package org.nanochat4j.tornado.simulator;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Right kernels for the tests. */
final class TestKernels {
    static final int GROUP = 64;

    private TestKernels() {}

    /** y = x + by. */
    static void add(KernelContext context, FloatArray x, FloatArray y, float by) {
        int i = context.globalIdx;
        y.set(i, x.get(i) + by);
    }

    /** y = x + by, as a parallel loop. */
    static void addLoop(FloatArray x, FloatArray y, float by) {
        for (@Parallel int i = 0; i < y.getSize(); i++) {
            y.set(i, x.get(i) + by);
        }
    }

    /** y = value. */
    static void fill(KernelContext context, FloatArray y, float value) {
        y.set(context.globalIdx, value);
    }

    /** Each group's part of x the other way round. */
    static void reverse(KernelContext context, FloatArray x, FloatArray y) {
        float[] tile = context.allocateFloatLocalArray(GROUP);
        int i = context.localIdx;
        tile[i] = x.get(context.globalIdx);
        context.localBarrier();
        y.set(context.globalIdx, tile[GROUP - 1 - i]);
    }

    /** times the next item's x, through the same local array each time. */
    static void passAround(KernelContext context, FloatArray x, FloatArray y, int times) {
        float sum = 0f;
        for (int i = 0; i < times; i++) {
            sum += next(context, x.get(context.globalIdx));
        }
        y.set(context.globalIdx, sum);
    }

    private static float next(KernelContext context, float value) {
        float[] tile = context.allocateFloatLocalArray(GROUP);
        tile[context.localIdx] = value;
        context.localBarrier();
        float neighbour = tile[(context.localIdx + 1) % GROUP];
        context.localBarrier();
        return neighbour;
    }

    /** The sum of each group, by halves. */
    static void sum(KernelContext context, FloatArray x, FloatArray sums) {
        float[] tile = context.allocateFloatLocalArray(GROUP);
        int i = context.localIdx;
        tile[i] = x.get(context.globalIdx);
        for (int half = GROUP / 2; half > 0; half = half / 2) {
            context.localBarrier();
            if (i < half) {
                tile[i] = tile[i] + tile[i + half];
            }
        }
        if (i == 0) {
            sums.set(context.groupIdx, tile[0]);
        }
    }

    /** Counts the values of each of four kinds. */
    static void count(KernelContext context, IntArray kinds, IntArray counts) {
        context.atomicAdd(counts, kinds.get(context.globalIdx), 1);
    }

    /** Adds everything up in device memory. */
    static void addUp(KernelContext context, FloatArray x, FloatArray sum) {
        context.atomicAdd(sum, 0, x.get(context.globalIdx));
    }

    /** Writes the ids of each item: its place in the grid, its group and its place there, 3 dimensions. */
    static void ids(KernelContext context, IntArray ids) {
        int item = (context.globalIdz * context.globalGroupSizeY + context.globalIdy) * context.globalGroupSizeX
                + context.globalIdx;
        ids.set(9 * item, context.globalIdx);
        ids.set(9 * item + 1, context.globalIdy);
        ids.set(9 * item + 2, context.globalIdz);
        ids.set(9 * item + 3, context.groupIdx);
        ids.set(9 * item + 4, context.groupIdy);
        ids.set(9 * item + 5, context.groupIdz);
        ids.set(9 * item + 6, context.localIdx);
        ids.set(9 * item + 7, context.localIdy);
        ids.set(9 * item + 8, context.localIdz);
    }

    /** Passes a value through device memory from item to item of a group. */
    static void passOn(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, x.get(i));
        context.globalBarrier();
        int next = context.groupIdx * GROUP + (context.localIdx + 1) % GROUP;
        float neighbour = y.get(next);
        context.globalBarrier();
        y.set(i, neighbour);
    }
}
