package org.nanochat4j.tokenizer;

import java.util.List;

/**
 * What a {@link BpeTrainer} has learned, and from what.
 *
 * @param tokenizer the tokenizer
 * @param merges its merges in order
 * @param requestedVocabSize vocabulary size asked for; {@link #complete} tells whether it was reached
 * @param documents documents read
 * @param characters characters (code points) read, after cropping
 * @param distinctPieces different pieces of the split pattern in them
 */
public record Training(
        Tokenizer tokenizer,
        List<Merge> merges,
        int requestedVocabSize,
        long documents,
        long characters,
        long distinctPieces) {

    /** Copies the list of merges. */
    public Training {
        merges = List.copyOf(merges);
    }

    /** {@return whether the text had enough pairs for the vocabulary size asked for} */
    public boolean complete() {
        return tokenizer.vocabSize() == requestedVocabSize;
    }
}
