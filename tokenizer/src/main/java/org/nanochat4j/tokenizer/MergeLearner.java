package org.nanochat4j.tokenizer;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntHeapPriorityQueue;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Learns merges from counted pieces: again and again the most frequent pair of neighbours becomes a token.
 *
 * <p>A pair is the long {@code left << 32 | right}, so that ascending longs are the order that decides ties. Pairs are
 * numbered as they appear; number, live count and the pieces in which they occur are kept up to date merge by merge. The
 * heap is lazy: a pair's count never grows after the step that created it, so an entry that is out of date is too high,
 * comes up too early and is put back with its live count.
 */
final class MergeLearner {

    /** All pieces behind each other; piece p holds tokens[start[p] .. start[p] + length[p]). */
    private final int[] tokens;

    private final int[] start;
    private final int[] length;
    private final long[] weight;

    private final Long2IntOpenHashMap numberOf = new Long2IntOpenHashMap();
    private final LongArrayList pairs = new LongArrayList();
    private final LongArrayList counts = new LongArrayList();

    /** The count under which a pair entered the heap; unchanged while it is in there. */
    private final LongArrayList queuedCounts = new LongArrayList();

    private final List<@Nullable IntArrayList> occurrences = new ArrayList<>();
    private final IntHeapPriorityQueue heap = new IntHeapPriorityQueue(this::compareQueued);

    MergeLearner(PieceCounter pieces) {
        int symbols = 0;
        for (int p = 0; p < pieces.size(); p++) {
            symbols = Math.addExact(symbols, pieces.piece(p).length);
        }
        tokens = new int[symbols];
        start = new int[pieces.size()];
        length = new int[pieces.size()];
        weight = new long[pieces.size()];
        numberOf.defaultReturnValue(-1);
        int at = 0;
        for (int p = 0; p < pieces.size(); p++) {
            byte[] piece = pieces.piece(p);
            start[p] = at;
            length[p] = piece.length;
            weight[p] = pieces.count(p);
            for (byte unit : piece) {
                tokens[at++] = unit & 0xFF;
            }
            for (int i = start[p]; i + 1 < at; i++) {
                count(tokens[i], tokens[i + 1], weight[p], p);
            }
        }
        for (int pair = 0; pair < pairs.size(); pair++) {
            queue(pair);
        }
    }

    /**
     * The next merges, at most so many; fewer when no pair of neighbours is left.
     *
     * @param progress told the number of merges from time to time
     */
    List<Merge> learn(int merges, IntConsumer progress) {
        List<Merge> learned = new ArrayList<>(merges);
        while (learned.size() < merges && !heap.isEmpty()) {
            int pair = heap.dequeueInt();
            long live = counts.getLong(pair);
            if (live != queuedCounts.getLong(pair)) {
                queue(pair);
                continue;
            }
            int left = (int) (pairs.getLong(pair) >>> 32);
            int right = (int) pairs.getLong(pair);
            int firstNew = pairs.size();
            merge(pair, left, right, 256 + learned.size());
            for (int created = firstNew; created < pairs.size(); created++) {
                queue(created);
            }
            learned.add(new Merge(left, right, live));
            progress.accept(learned.size());
        }
        return learned;
    }

    private void merge(int pair, int left, int right, int merged) {
        IntArrayList pieces = occurrences.set(pair, null);
        if (pieces == null) {
            throw new IllegalStateException("pair merged twice: " + left + ", " + right);
        }
        for (int i = 0; i < pieces.size(); i++) {
            mergeIn(pieces.getInt(i), left, right, merged);
        }
    }

    /** Replaces the pair in one piece, left to right without overlap, and updates the counts of its neighbours. */
    private void mergeIn(int piece, int left, int right, int merged) {
        int from = start[piece];
        int to = from + length[piece];
        long occurs = weight[piece];
        int out = from;
        for (int i = from; i < to; out++) {
            if (tokens[i] != left || i + 1 == to || tokens[i + 1] != right) {
                tokens[out] = tokens[i++];
                continue;
            }
            if (out > from) {
                int before = tokens[out - 1];
                uncount(before, left, occurs);
                count(before, merged, occurs, piece);
            }
            uncount(left, right, occurs);
            if (i + 2 < to) {
                int after = tokens[i + 2];
                uncount(right, after, occurs);
                count(merged, after, occurs, piece);
            }
            tokens[out] = merged;
            i += 2;
        }
        length[piece] = out - from;
    }

    private void count(int left, int right, long occurs, int piece) {
        long pair = (long) left << 32 | right;
        int number = numberOf.putIfAbsent(pair, pairs.size());
        if (number < 0) {
            pairs.add(pair);
            counts.add(occurs);
            queuedCounts.add(0);
            occurrences.add(IntArrayList.of(piece));
            return;
        }
        counts.set(number, counts.getLong(number) + occurs);
        // Pieces come one after the other, so a piece is in the list already exactly when it is the last one.
        IntArrayList pieces = occurrences.get(number);
        if (pieces != null && pieces.getInt(pieces.size() - 1) != piece) {
            pieces.add(piece);
        }
    }

    private void uncount(int left, int right, long occurs) {
        int number = numberOf.get((long) left << 32 | right);
        counts.set(number, counts.getLong(number) - occurs);
    }

    private void queue(int pair) {
        long live = counts.getLong(pair);
        if (live > 0) {
            queuedCounts.set(pair, live);
            heap.enqueue(pair);
        }
    }

    private int compareQueued(int a, int b) {
        int byCount = Long.compare(queuedCounts.getLong(b), queuedCounts.getLong(a));
        return byCount != 0 ? byCount : Long.compare(pairs.getLong(a), pairs.getLong(b));
    }
}
