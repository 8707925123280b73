package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Sums over all elements in two stages: every group writes one partial sum, then one group adds those up. The parts depend on the shape alone, so results repeat.
 *
 * <p>With more than one group, the first stage writes to {@link #groups} numbers of scratch memory, and {@link #sum} over these with one group is the second.
 */
public final class ReductionKernels {
    private static final int ITEMS = 256;

    /** Numbers that an item of a large reduction adds up, unless there are too many groups for the second stage. */
    private static final int RUN = 16;

    private ReductionKernels() {}

    /**
     * Groups of the first stage.
     *
     * @param n elements
     * @return 1 to 256; with 1 there is no second stage
     */
    public static int groups(long n) {
        return Math.toIntExact(Math.clamp((n + ITEMS * RUN - 1) / (ITEMS * RUN), 1, ITEMS));
    }

    /**
     * The launch of a stage.
     *
     * @param groups how many partial sums it writes
     * @return groups along x
     */
    public static Launch launch(int groups) {
        return Launch.groups(groups, ITEMS);
    }

    /** y[g] = sum of the part of x that belongs to group g. Launch: {@link #launch}. */
    public static void sum(KernelContext context, FloatArray x, int xAt, FloatArray y, int yAt, int n) {
        float part = 0f;
        for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
            part += x.get(xAt + i);
        }
        float total = Group.sum(context, part);
        if (context.localIdx == 0) {
            y.set(yAt + context.groupIdx, total);
        }
    }

    /** y[g] = dot product of the parts of a and b that belong to group g; with a = b the sum of squares. Launch: {@link #launch}. */
    public static void sumProducts(
            KernelContext context, FloatArray a, int aAt, FloatArray b, int bAt, FloatArray y, int yAt, int n) {
        float part = 0f;
        for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
            part += a.get(aAt + i) * b.get(bAt + i);
        }
        float total = Group.sum(context, part);
        if (context.localIdx == 0) {
            y.set(yAt + context.groupIdx, total);
        }
    }
}
