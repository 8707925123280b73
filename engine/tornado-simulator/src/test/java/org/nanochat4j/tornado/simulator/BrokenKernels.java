package org.nanochat4j.tornado.simulator;

import static org.nanochat4j.tornado.simulator.TestKernels.GROUP;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.annotations.Reduce;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels with one fault each, which a real device would run and get wrong, or refuse. */
final class BrokenKernels {
    private static float table;

    private BrokenKernels() {}

    static void setTable(float value) {
        table = value;
    }

    /** There is no barrier between writing and reading the tile. */
    static void reverseWithoutBarrier(KernelContext context, FloatArray x, FloatArray y) {
        float[] tile = context.allocateFloatLocalArray(GROUP);
        int i = context.localIdx;
        tile[i] = x.get(context.globalIdx);
        y.set(context.globalIdx, tile[GROUP - 1 - i]);
    }

    /** An item writes its local array again while others may still read what it wrote before. */
    static void writeAgainWithoutBarrier(KernelContext context, FloatArray x, FloatArray y) {
        float sum = 0f;
        for (int i = 0; i < 2; i++) {
            sum += next(context, x.get(context.globalIdx) + i);
        }
        y.set(context.globalIdx, sum);
    }

    private static float next(KernelContext context, float value) {
        float[] tile = context.allocateFloatLocalArray(GROUP);
        tile[context.localIdx] = value;
        context.localBarrier();
        return tile[(context.localIdx + 1) % GROUP];
    }

    /** Half of the group waits. */
    static void barrierInBranch(KernelContext context, FloatArray y) {
        if (context.localIdx < GROUP / 2) {
            context.localBarrier();
        }
        y.set(context.globalIdx, 1f);
    }

    /** All items write element 0. */
    static void writeTogether(KernelContext context, FloatArray y) {
        y.set(0, 1f);
    }

    /** Items of different groups read what others write. */
    static void shift(KernelContext context, FloatArray y) {
        int i = context.globalIdx;
        float next = y.get((i + 1) % y.getSize());
        y.set(i, next);
    }

    /** A local barrier does not order device memory. */
    static void passOnLocally(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, x.get(i));
        context.localBarrier();
        float neighbour = y.get(context.groupIdx * GROUP + (context.localIdx + 1) % GROUP);
        context.localBarrier();
        y.set(i, neighbour);
    }

    /** Reads one beyond the end. */
    static void beyond(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, x.get(i + 1));
    }

    /** Adds onto a private array that was never set. */
    static void freshPrivateArray(KernelContext context, FloatArray x, FloatArray y) {
        float[] sums = new float[4];
        int i = context.globalIdx;
        sums[i % 4] += x.get(i);
        y.set(i, sums[i % 4]);
    }

    /** Adds onto a local array that was never set. */
    static void freshLocalArray(KernelContext context, FloatArray x, FloatArray y) {
        float[] tile = context.allocateFloatLocalArray(GROUP);
        int i = context.localIdx;
        tile[i] += x.get(context.globalIdx);
        y.set(context.globalIdx, tile[i]);
    }

    static void unsignedShift(KernelContext context, IntArray x) {
        int i = context.globalIdx;
        x.set(i, x.get(i) >>> 3);
    }

    static void unsignedLongShift(KernelContext context, IntArray x) {
        int i = context.globalIdx;
        long wide = x.get(i);
        x.set(i, (int) (wide >>> 3));
    }

    static void variableArray(KernelContext context, FloatArray x, int n) {
        float[] sums = new float[n];
        sums[0] = 1;
        x.set(context.globalIdx, sums[0]);
    }

    static void object(KernelContext context, FloatArray x) {
        Object lock = new Object();
        x.set(context.globalIdx, lock.hashCode());
    }

    static void javaMath(KernelContext context, FloatArray x) {
        int i = context.globalIdx;
        x.set(i, (float) Math.cbrt(x.get(i)));
    }

    static void floatBits(KernelContext context, FloatArray x, IntArray y) {
        int i = context.globalIdx;
        y.set(i, Float.floatToRawIntBits(x.get(i)));
    }

    static void reduce(FloatArray x, @Reduce FloatArray sum) {
        for (@Parallel int i = 0; i < x.getSize(); i++) {
            sum.set(0, sum.get(0) + x.get(i));
        }
    }

    static void catches(KernelContext context, FloatArray x) {
        try {
            x.set(context.globalIdx, 1f);
        } catch (IndexOutOfBoundsException e) {
            x.set(0, 1f);
        }
    }

    static void concatenates(KernelContext context, FloatArray x, int n) {
        x.set(context.globalIdx, ("n = " + n).length());
    }

    static void readsVariable(KernelContext context, FloatArray x) {
        x.set(context.globalIdx, table);
    }

    static int factorial(int n) {
        return n < 2 ? 1 : n * factorial(n - 1);
    }

    static void recursive(KernelContext context, IntArray x) {
        x.set(context.globalIdx, factorial(4));
    }

    static int shiftHelper(int x) {
        return x >>> 1;
    }

    /** The fault is in a method that the kernel calls. */
    static void calls(KernelContext context, IntArray x) {
        int i = context.globalIdx;
        x.set(i, shiftHelper(x.get(i)));
    }

    static void storesHalf(KernelContext context, HalfFloatArray x) {
        x.set(context.globalIdx, new HalfFloat(1f));
    }

    static float first(float[] tile) {
        return tile[0];
    }

    /** The compiler computes wrong addresses in the method. */
    static void passesLocalArray(KernelContext context, FloatArray x) {
        float[] tile = context.allocateFloatLocalArray(GROUP);
        float[] mine = new float[4];
        mine[0] = 1f;
        tile[context.localIdx] = first(mine);
        context.localBarrier();
        x.set(context.globalIdx, context.localIdx == 0 ? first(tile) : 0f);
    }

    static void addsLocally(KernelContext context, IntArray x) {
        int[] counts = context.allocateIntLocalArray(4);
        counts[context.localIdx % 4] = 0;
        context.localBarrier();
        context.atomicAdd(counts, x.get(context.globalIdx) % 4, 1);
    }

    static void computesWithBits(KernelContext context, IntArray bits, FloatArray x) {
        int i = context.globalIdx;
        x.set(i, Float.intBitsToFloat(bits.get(i) << 16) - 1f);
    }

    /** The name of a function of OpenCL. */
    static void rotate(KernelContext context, FloatArray x) {
        x.set(context.globalIdx, 1f);
    }

    /** Writes only its last array, in a method and by way of a choice; not broken. */
    static void writesInMethod(KernelContext context, double wide, FloatArray x, FloatArray y) {
        put(x.get(0) > wide ? 1L : 2L, y, context.globalIdx);
    }

    private static void put(long value, FloatArray y, int index) {
        y.set(index, value > 1 ? value : 0f);
    }
}
