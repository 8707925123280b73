package org.nanochat4j.model;

/** Checks of token ids that come from outside, and the lengths that programs are recorded for. */
final class Tokens {
    private static final int SHORTEST = 16;

    private Tokens() {}

    /** Requires ids of the vocabulary, at least one and not more than there are positions for. */
    static void check(String what, int[] ids, GptConfig config, int longest) {
        if (ids.length == 0) {
            throw new ModelException.BadTokens(what + " is empty; give at least one token, for example <|bos|>");
        }
        if (ids.length > longest) {
            throw new ModelException.BadTokens(
                    what + " has " + ids.length + " tokens, at most " + longest + " fit; cut it");
        }
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= config.vocabularySize()) {
                throw new ModelException.BadTokens(what + ": id " + ids[i] + " at position " + i
                        + " is outside the vocabulary of " + config.vocabularySize()
                        + "; use the tokenizer that the model was trained with");
            }
        }
    }

    /** The smallest program length for this many tokens: powers of two and the middles between them, so that at most a third is wasted. */
    static int bucket(int length, int longest) {
        int size = SHORTEST;
        while (size < length) {
            size = Integer.bitCount(size) == 1 ? size / 2 * 3 : size / 3 * 4;
        }
        return Math.min(size, longest);
    }
}
