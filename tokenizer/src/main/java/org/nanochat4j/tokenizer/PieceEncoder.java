package org.nanochat4j.tokenizer;

/**
 * Encodes text piece by piece, remembering the tokens of the pieces it has seen. One per thread.
 *
 * <p>Text repeats its words, so most pieces cost one hash lookup. The memory is bounded: when it is full it starts anew,
 * and long pieces, which seldom come back, are not kept.
 */
final class PieceEncoder {

    private static final int MOST_WORDS = 1 << 16;
    private static final int LONGEST_WORD = 48;

    private final ByteStrings tokens;
    private final PieceMerger merger;
    private final ByteStrings words = new ByteStrings(1 << 12);

    /** Per word: its only token, or the complement of the place in {@link #spellings} where count and tokens stand. */
    private final int[] meanings = new int[MOST_WORDS];

    private final IntBuffer spellings = new IntBuffer(1 << 12);
    private final IntBuffer ids = new IntBuffer(1 << 12);

    PieceEncoder(ByteStrings tokens) {
        this.tokens = tokens;
        this.merger = new PieceMerger(tokens);
    }

    void add(int id) {
        ids.add(id);
    }

    /** The ids so far; the next text starts without any. */
    int[] takeIds() {
        int[] taken = ids.toArray();
        ids.clear();
        return taken;
    }

    /** Appends the tokens of well-formed UTF-8. */
    void addText(byte[] utf8) {
        for (int from = 0; from < utf8.length; ) {
            int to = SplitScanner.pieceEnd(utf8, from, utf8.length);
            addPiece(utf8, from, to);
            from = to;
        }
    }

    private void addPiece(byte[] utf8, int from, int to) {
        int word = words.find(utf8, from, to);
        if (word < 0) {
            addNewPiece(utf8, from, to);
            return;
        }
        int meaning = meanings[word];
        if (meaning >= 0) {
            ids.add(meaning);
        } else {
            ids.addAll(spellings, ~meaning + 1, spellings.get(~meaning));
        }
    }

    private void addNewPiece(byte[] utf8, int from, int to) {
        int token = tokens.find(utf8, from, to);
        int before = ids.size();
        if (token >= 0) {
            ids.add(token);
        } else {
            merger.merge(utf8, from, to, ids);
        }
        if (to - from > LONGEST_WORD) {
            return;
        }
        if (words.size() == MOST_WORDS) {
            words.clear();
            spellings.clear();
        }
        int word = words.add(utf8, from, to);
        if (token >= 0) {
            meanings[word] = token;
        } else {
            meanings[word] = ~spellings.size();
            spellings.add(ids.size() - before);
            spellings.addAll(ids, before, ids.size() - before);
        }
    }
}
