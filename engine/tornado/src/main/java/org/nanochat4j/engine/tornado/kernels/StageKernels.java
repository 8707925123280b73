package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Zeroing whole arrays, and copying from a stage that the host fills to where {@code control} says: its two numbers are the first element to write and how many.
 *
 * <p>Launch: {@link #launch}; every item takes elements in strides.
 */
public final class StageKernels {
    private static final int ITEMS = 256;

    private static final int GROUPS = 64;

    private StageKernels() {}

    /** {@return the launch of all kernels here} */
    public static Launch launch() {
        return new Launch(GROUPS * ITEMS, 1, 1, ITEMS, 1, 1);
    }

    /** The first n elements of y = 0. */
    public static void zero(KernelContext context, FloatArray y, int n) {
        for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
            y.set(i, 0f);
        }
    }

    /** The first n elements of y = 0. */
    public static void zeroInts(KernelContext context, IntArray y, int n) {
        for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
            y.set(i, 0);
        }
    }

    /** The first n elements of y = 0. */
    public static void zeroShorts(KernelContext context, ShortArray y, int n) {
        for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
            y.set(i, (short) 0);
        }
    }

    /** y[control[0] + i] = stage[i] for i below control[1]. */
    public static void copy(KernelContext context, FloatArray stage, IntArray control, FloatArray y) {
        int at = control.get(0);
        int n = control.get(1);
        for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
            y.set(at + i, stage.get(i));
        }
    }

    /** y[control[0] + i] = stage[i] for i below control[1]. */
    public static void copyInts(KernelContext context, IntArray stage, IntArray control, IntArray y) {
        int at = control.get(0);
        int n = control.get(1);
        for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
            y.set(at + i, stage.get(i));
        }
    }

    /** y[control[0] + i] = stage[i] for i below control[1]. */
    public static void copyShorts(KernelContext context, ShortArray stage, IntArray control, ShortArray y) {
        int at = control.get(0);
        int n = control.get(1);
        for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
            y.set(at + i, stage.get(i));
        }
    }
}
