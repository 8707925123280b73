package org.nanochat4j.tokenizer;

import it.unimi.dsi.fastutil.longs.LongHeapPriorityQueue;

/**
 * Byte-pair merging of one piece: while two neighbours together are a token, join the pair whose token has the lowest
 * rank, the leftmost one on ties.
 *
 * <p>Short pieces scan their parts for the next pair, which is quadratic but stays in a cache line or two; long ones
 * keep the pairs in a heap, so that a megabyte without a split point is no trap. One per thread.
 */
final class PieceMerger {

    /** Bytes from which the heap is used. Above some hundred bytes the scan loses whatever the text. */
    private static final int LONG_PIECE = 128;

    private static final int NO_TOKEN = Integer.MAX_VALUE;

    private final ByteStrings tokens;
    private int[] start = new int[LONG_PIECE + 2];
    private int[] rank = new int[LONG_PIECE + 2];

    PieceMerger(ByteStrings tokens) {
        this.tokens = tokens;
    }

    /** Appends the tokens of the piece {@code from..to}, which is not empty. */
    void merge(byte[] bytes, int from, int to, IntBuffer out) {
        if (to - from > LONG_PIECE) {
            mergeLong(bytes, from, to, out);
        } else {
            mergeShort(bytes, from, to, out);
        }
    }

    private void mergeShort(byte[] bytes, int from, int to, IntBuffer out) {
        int parts = to - from;
        for (int i = 0; i <= parts; i++) {
            start[i] = from + i;
        }
        for (int i = 0; i + 1 < parts; i++) {
            rank[i] = rank(bytes, start[i], start[i + 2]);
        }
        while (parts > 1) {
            int best = 0;
            for (int i = 1; i + 1 < parts; i++) {
                if (rank[i] < rank[best]) {
                    best = i;
                }
            }
            if (rank[best] == NO_TOKEN) {
                break;
            }
            System.arraycopy(start, best + 2, start, best + 1, parts - best - 1);
            System.arraycopy(rank, best + 1, rank, best, parts - best - 1);
            parts--;
            if (best + 1 < parts) {
                rank[best] = rank(bytes, start[best], start[best + 2]);
            }
            if (best > 0) {
                rank[best - 1] = rank(bytes, start[best - 1], start[best + 1]);
            }
        }
        for (int i = 0; i < parts; i++) {
            out.add(tokens.find(bytes, start[i], start[i + 1]));
        }
    }

    /**
     * The same with a linked list of parts and a heap of (rank, position). An entry whose pair has changed since is
     * recognised by its rank, which is then another one: the text at a position only grows.
     */
    private void mergeLong(byte[] bytes, int from, int to, IntBuffer out) {
        int parts = to - from;
        int[] next = new int[parts + 1];
        int[] previous = new int[parts + 1];
        int[] pairRank = new int[parts];
        LongHeapPriorityQueue heap = new LongHeapPriorityQueue(parts);
        for (int i = 0; i < parts; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
            push(heap, pairRank, i, i + 1 < parts ? rank(bytes, from + i, from + i + 2) : NO_TOKEN);
        }
        while (!heap.isEmpty()) {
            long entry = heap.dequeueLong();
            int left = (int) entry;
            if (pairRank[left] != (int) (entry >>> 32)) {
                continue;
            }
            int right = next[left];
            int after = next[right];
            pairRank[right] = NO_TOKEN;
            next[left] = after;
            previous[after] = left;
            push(heap, pairRank, left, after < parts ? rank(bytes, from + left, from + next[after]) : NO_TOKEN);
            int before = previous[left];
            if (before >= 0) {
                push(heap, pairRank, before, rank(bytes, from + before, from + after));
            }
        }
        for (int i = 0; i < parts; i = next[i]) {
            out.add(tokens.find(bytes, from + i, from + next[i]));
        }
    }

    private static void push(LongHeapPriorityQueue heap, int[] pairRank, int position, int rank) {
        pairRank[position] = rank;
        if (rank != NO_TOKEN) {
            heap.enqueue((long) rank << 32 | position);
        }
    }

    private int rank(byte[] bytes, int from, int to) {
        int token = tokens.find(bytes, from, to);
        return token < 0 ? NO_TOKEN : token;
    }
}
