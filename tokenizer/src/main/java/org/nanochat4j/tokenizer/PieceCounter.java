package org.nanochat4j.tokenizer;

import java.util.Arrays;

/** How often each distinct piece of the split pattern occurs in some documents. One per thread. */
final class PieceCounter {

    private final ByteStrings pieces = new ByteStrings(1 << 14);
    private long[] counts = new long[1 << 14];

    /** Number of distinct pieces. */
    int size() {
        return pieces.size();
    }

    /** Bytes of piece {@code number}. */
    byte[] piece(int number) {
        return pieces.get(number);
    }

    /** Occurrences of piece {@code number}. */
    long count(int number) {
        return counts[number];
    }

    void add(String document) {
        byte[] utf8 = Utf8.encode(document);
        for (int from = 0; from < utf8.length; ) {
            int to = SplitScanner.pieceEnd(utf8, from, utf8.length);
            add(utf8, from, to, 1);
            from = to;
        }
    }

    void addAll(PieceCounter other) {
        for (int number = 0; number < other.size(); number++) {
            byte[] piece = other.piece(number);
            add(piece, 0, piece.length, other.counts[number]);
        }
    }

    private void add(byte[] bytes, int from, int to, long count) {
        int number = pieces.add(bytes, from, to);
        if (number == counts.length) {
            counts = Arrays.copyOf(counts, 2 * counts.length);
        }
        counts[number] += count;
    }
}
