package org.nanochat4j.tornado.simulator;

import java.util.Arrays;
import java.util.BitSet;

/** The elements that a launch has written into an array, in the order of their first writes, with their bits before. */
final class Journal {
    private static final int INITIAL = 16;

    private int[] indexes = new int[INITIAL];
    private long[] before = new long[INITIAL];
    private final BitSet wasWritten = new BitSet();
    private int size;

    void add(int index, long bits, boolean written) {
        if (size == indexes.length) {
            indexes = Arrays.copyOf(indexes, 2 * size);
            before = Arrays.copyOf(before, 2 * size);
        }
        indexes[size] = index;
        before[size] = bits;
        wasWritten.set(size++, written);
    }

    int size() {
        return size;
    }

    int index(int i) {
        return indexes[i];
    }

    long before(int i) {
        return before[i];
    }

    boolean wasWritten(int i) {
        return wasWritten.get(i);
    }
}
