package org.nanochat4j.tornado.simulator;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Array;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** What memory holds that nobody wrote: NaN in every float format, and far out of every range as an int. */
public final class Poison {
    private static final short BITS = 0x7fde;
    private static final int INT = 0x7fde7fde;

    private Poison() {}

    static Object array(Class<?> type, int length) {
        Object array = Array.newInstance(type.getComponentType(), length);
        switch (array) {
            case float[] floats -> fill(floats);
            case int[] ints -> fill(ints);
            case long[] longs -> fill(longs);
            case double[] doubles -> fill(doubles);
            case short[] shorts -> fill(shorts);
            case byte[] bytes -> fill(bytes);
            case HalfFloat[] halves -> Arrays.fill(halves, new HalfFloat(BITS));
            default -> throw new IllegalArgumentException("no local array of " + type.getComponentType());
        }
        return array;
    }

    static int elementBytes(Class<?> type) {
        return switch (type.getComponentType().getName()) {
            case "byte" -> Byte.BYTES;
            case "short", "uk.ac.manchester.tornado.api.types.HalfFloat" -> Short.BYTES;
            case "int", "float" -> Integer.BYTES;
            default -> Long.BYTES;
        };
    }

    static void fill(MemorySegment segment) {
        long even = segment.byteSize() / Short.BYTES * Short.BYTES;
        if (even > 0) {
            segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, BITS);
        }
        for (long done = Short.BYTES; done < even; done *= 2) {
            MemorySegment.copy(segment, 0, segment, done, Math.min(done, even - done));
        }
        segment.asSlice(even).fill((byte) BITS);
    }

    /** {@return the array, poisoned} */
    public static float[] fill(float[] array) {
        Arrays.fill(array, Float.intBitsToFloat(INT));
        return array;
    }

    /** {@return the array, poisoned} */
    public static double[] fill(double[] array) {
        Arrays.fill(array, Double.longBitsToDouble((long) INT << Integer.SIZE | INT));
        return array;
    }

    /** {@return the array, poisoned} */
    public static int[] fill(int[] array) {
        Arrays.fill(array, INT);
        return array;
    }

    /** {@return the array, poisoned} */
    public static long[] fill(long[] array) {
        Arrays.fill(array, (long) INT << Integer.SIZE | INT);
        return array;
    }

    /** {@return the array, poisoned} */
    public static short[] fill(short[] array) {
        Arrays.fill(array, BITS);
        return array;
    }

    /** {@return the array, poisoned} */
    public static byte[] fill(byte[] array) {
        Arrays.fill(array, (byte) BITS);
        return array;
    }
}
