package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * What the items of a group find together, by halving: the order is fixed, so results repeat.
 *
 * <p>These are inlined into the kernels. Groups have a power of two of items along x, and {@code shared} is local memory with room for one number each; it is
 * free again afterwards.
 */
final class Group {
    private Group() {}

    /** The sum of one number of each item, given to all of them. */
    static float sum(KernelContext context, float[] shared, float value) {
        int item = context.localIdx;
        shared[item] = value;
        context.localBarrier();
        for (int stride = context.localGroupSizeX / 2; stride > 0; stride /= 2) {
            if (item < stride) {
                shared[item] += shared[item + stride];
            }
            context.localBarrier();
        }
        float total = shared[0];
        context.localBarrier();
        return total;
    }

    /** The largest of one number of each item, given to all of them. */
    static float max(KernelContext context, float[] shared, float value) {
        int item = context.localIdx;
        shared[item] = value;
        context.localBarrier();
        for (int stride = context.localGroupSizeX / 2; stride > 0; stride /= 2) {
            if (item < stride) {
                shared[item] = TornadoMath.max(shared[item], shared[item + stride]);
            }
            context.localBarrier();
        }
        float largest = shared[0];
        context.localBarrier();
        return largest;
    }
}
