package org.nanochat4j.engine.cpu.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums across the lanes of a vector in a fixed order.
 *
 * <p>{@code reduceLanes(ADD)} leaves the order of a floating-point sum open, and the interpreter and the compiler do choose different ones:
 * a result would change by a rounding when a method gets hot. Every kernel that sums lanes does it here: halves are added until one lane is left.
 */
public final class Lanes {
    private static final VectorShuffle<Float> BY_8 = rotate(8);
    private static final VectorShuffle<Float> BY_4 = rotate(4);
    private static final VectorShuffle<Float> BY_2 = rotate(2);
    private static final VectorShuffle<Float> BY_1 = rotate(1);

    private Lanes() {}

    private static VectorShuffle<Float> rotate(int by) {
        return VectorShuffle.fromOp(Memory.F, lane -> (lane + by) & (Memory.LANES - 1));
    }

    /** The sum of all lanes: log2(lanes) additions of a vector to itself, rotated. */
    public static float sum(FloatVector vector) {
        FloatVector sum = vector;
        if (Memory.LANES > 8) {
            sum = sum.add(sum.rearrange(BY_8));
        }
        if (Memory.LANES > 4) {
            sum = sum.add(sum.rearrange(BY_4));
        }
        if (Memory.LANES > 2) {
            sum = sum.add(sum.rearrange(BY_2));
        }
        return sum.add(sum.rearrange(BY_1)).lane(0);
    }
}
