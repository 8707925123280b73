package org.nanochat4j.train.data;

import java.util.List;

/** Turns documents into token ids; the only thing the loader wants of a tokenizer. */
@FunctionalInterface
public interface DocumentEncoder {

    /**
     * Token ids of every text, each beginning with BOS and without an end token.
     *
     * <p>Called from the loader's thread. The result must depend on the texts alone.
     *
     * @return one non-empty array per text, in the order of the texts
     */
    int[][] encodeBatch(List<String> texts);
}
