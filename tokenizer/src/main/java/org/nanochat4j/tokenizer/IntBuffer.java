package org.nanochat4j.tokenizer;

import java.util.Arrays;

/** A growing array of ints that the encoder of a thread keeps and refills. */
final class IntBuffer {

    private int[] elements;
    private int size;

    IntBuffer(int capacity) {
        elements = new int[capacity];
    }

    int size() {
        return size;
    }

    int get(int index) {
        return elements[index];
    }

    void add(int element) {
        if (size == elements.length) {
            elements = Arrays.copyOf(elements, 2 * elements.length);
        }
        elements[size++] = element;
    }

    void addAll(IntBuffer source, int from, int count) {
        if (count > elements.length - size) {
            elements = Arrays.copyOf(elements, Math.max(size + count, 2 * elements.length));
        }
        System.arraycopy(source.elements, from, elements, size, count);
        size += count;
    }

    void clear() {
        size = 0;
    }

    int[] toArray() {
        return toArray(size);
    }

    /** The first elements, at most so many. */
    int[] toArray(int most) {
        return Arrays.copyOf(elements, Math.min(size, most));
    }
}
