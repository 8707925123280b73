package org.nanochat4j.tokenizer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Distinct byte strings, numbered in the order they were added: a vocabulary (number = rank), a word cache, the unique
 * pieces of a corpus.
 *
 * <p>Open addressing with linear probing. A slot is two longs side by side, so that a lookup of at most eight bytes
 * touches one cache line: the first eight bytes, and length and number. Longer strings compare their rest in the pool.
 */
final class ByteStrings {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();
    private static final int HEAD = Long.BYTES;

    private long[] slots;
    private int slotMask;
    private byte[] pool;
    private int[] ends;
    private int size;
    private int longest;

    ByteStrings(int expected) {
        int capacity = Integer.highestOneBit(Math.max(expected, 16) * 2 - 1) * 2;
        slots = new long[2 * capacity];
        slotMask = capacity - 1;
        pool = new byte[Math.max(expected, 16) * 8];
        ends = new int[Math.max(expected, 16)];
    }

    int size() {
        return size;
    }

    /** Length in bytes of string {@code number}. */
    int length(int number) {
        return ends[number] - start(number);
    }

    /** A copy of string {@code number}. */
    byte[] get(int number) {
        return Arrays.copyOfRange(pool, start(number), ends[number]);
    }

    /** Byte {@code index} of string {@code number}. */
    byte at(int number, int index) {
        return pool[start(number) + index];
    }

    /** The number of the bytes {@code from..to}, or -1. */
    int find(byte[] bytes, int from, int to) {
        if (to - from > longest) {
            return -1;
        }
        long head = head(bytes, from, to);
        int slot = slot(bytes, from, to, head);
        return (int) slots[2 * slot + 1] - 1;
    }

    /** The number of the bytes {@code from..to}, added if they are new. */
    int add(byte[] bytes, int from, int to) {
        long head = head(bytes, from, to);
        int slot = slot(bytes, from, to, head);
        int number = (int) slots[2 * slot + 1] - 1;
        if (number >= 0) {
            return number;
        }
        slots[2 * slot] = head;
        slots[2 * slot + 1] = (long) (to - from) << 32 | ++size;
        append(bytes, from, to);
        if (2 * size > slotMask) {
            rehash();
        }
        return size - 1;
    }

    int add(byte[] bytes) {
        return add(bytes, 0, bytes.length);
    }

    /** Forgets all strings, keeps the capacity. */
    void clear() {
        Arrays.fill(slots, 0);
        size = 0;
        longest = 0;
    }

    private int start(int number) {
        return number == 0 ? 0 : ends[number - 1];
    }

    private void append(byte[] bytes, int from, int to) {
        int number = size - 1;
        int length = to - from;
        int start = start(number);
        if (number == ends.length) {
            ends = Arrays.copyOf(ends, 2 * ends.length);
        }
        if (length > pool.length - start) {
            int wanted = Math.addExact(start, length);
            pool = Arrays.copyOf(pool, (int) Math.min(Integer.MAX_VALUE - 16L, 2L * wanted));
        }
        System.arraycopy(bytes, from, pool, start, length);
        ends[number] = start + length;
        longest = Math.max(longest, length);
    }

    private void rehash() {
        long[] old = slots;
        slots = new long[2 * old.length];
        slotMask = slots.length / 2 - 1;
        for (int i = 0; i < old.length; i += 2) {
            int number = (int) old[i + 1] - 1;
            if (number >= 0) {
                int slot = hash(pool, start(number), ends[number], old[i]) & slotMask;
                while (slots[2 * slot + 1] != 0) {
                    slot = (slot + 1) & slotMask;
                }
                slots[2 * slot] = old[i];
                slots[2 * slot + 1] = old[i + 1];
            }
        }
    }

    /** The slot that holds these bytes, or the free one where they belong. */
    private int slot(byte[] bytes, int from, int to, long head) {
        int length = to - from;
        int slot = hash(bytes, from, to, head) & slotMask;
        while (true) {
            long entry = slots[2 * slot + 1];
            if (entry == 0
                    || (slots[2 * slot] == head
                            && (int) (entry >>> 32) == length
                            && (length <= HEAD || restEquals((int) entry - 1, bytes, from, to)))) {
                return slot;
            }
            slot = (slot + 1) & slotMask;
        }
    }

    private boolean restEquals(int number, byte[] bytes, int from, int to) {
        return Arrays.equals(pool, start(number) + HEAD, ends[number], bytes, from + HEAD, to);
    }

    private static int hash(byte[] bytes, int from, int to, long head) {
        long hash = (head ^ (to - from)) * 0x9E3779B97F4A7C15L;
        for (int at = from + HEAD; at < to; at += HEAD) {
            // The last stride may overlap the one before: any function of all bytes will do.
            hash = (Long.rotateLeft(hash, 29) ^ (long) LONG.get(bytes, Math.min(at, to - HEAD))) * 0xD6E8FEB86659FD93L;
        }
        return (int) (hash >>> 32 ^ hash >>> 15);
    }

    /** The first eight bytes as a little-endian long, zero above the end; the length tells NUL bytes from padding. */
    private static long head(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length >= HEAD) {
            return (long) LONG.get(bytes, from);
        }
        if (length == 0) {
            return 0;
        }
        if (from + HEAD <= bytes.length) {
            return (long) LONG.get(bytes, from) & (-1L >>> (HEAD - length) * 8);
        }
        long head = 0;
        for (int i = to - 1; i >= from; i--) {
            head = head << 8 | (bytes[i] & 0xFF);
        }
        return head;
    }
}
