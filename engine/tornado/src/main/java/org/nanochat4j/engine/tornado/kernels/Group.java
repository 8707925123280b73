package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * What the items of a group find together, by halving: the order is fixed, so results repeat.
 *
 * <p>These are inlined into the kernels. Groups have a power of two of items along x, at most MOST_ITEMS. Each has its local memory to itself, because TornadoVM
 * 5.2 computes wrong addresses for local arrays that are handed to a method.
 */
final class Group {
    /** Most items of a group. */
    static final int MOST_ITEMS = 256;

    private Group() {}

    /** The sum of one number of each item, given to all of them. */
    static float sum(KernelContext context, float value) {
        float[] shared = context.allocateFloatLocalArray(MOST_ITEMS);
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
    static float max(KernelContext context, float value) {
        float[] shared = context.allocateFloatLocalArray(MOST_ITEMS);
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

    /** The place of the largest value, the smallest of these on ties, given to all items. */
    static int placeOfMax(KernelContext context, float value, int place) {
        float[] values = context.allocateFloatLocalArray(MOST_ITEMS);
        int[] places = context.allocateIntLocalArray(MOST_ITEMS);
        int item = context.localIdx;
        values[item] = value;
        places[item] = place;
        context.localBarrier();
        for (int stride = context.localGroupSizeX / 2; stride > 0; stride /= 2) {
            if (item < stride) {
                float other = values[item + stride];
                int otherPlace = places[item + stride];
                if (other > values[item] || (other == values[item] && otherPlace < places[item])) {
                    values[item] = other;
                    places[item] = otherPlace;
                }
            }
            context.localBarrier();
        }
        int best = places[0];
        context.localBarrier();
        return best;
    }
}
