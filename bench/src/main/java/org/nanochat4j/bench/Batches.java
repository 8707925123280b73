package org.nanochat4j.bench;

import java.util.List;
import java.util.random.RandomGenerator;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.train.data.BestFitLoader;
import org.nanochat4j.train.data.LoaderOptions;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.data.Split;

/** Where a training step that is measured gets its tokens from. */
public interface Batches extends AutoCloseable {

    /**
     * Writes the next micro-batch.
     *
     * @param ids (B, T) row-major
     * @param targets (B, T) row-major
     */
    void next(int[] ids, int[] targets);

    @Override
    default void close() {}

    /** Opens batches of so many rows. */
    @FunctionalInterface
    interface Source {
        /**
         * Opens.
         *
         * @param rows B
         * @return batches from the beginning
         */
        Batches open(int rows);
    }

    /**
     * Tokens drawn evenly from a vocabulary, always the same ones.
     *
     * @param vocabulary ids are below this
     * @return for any number of rows
     */
    static Source random(int vocabulary) {
        return rows -> {
            RandomGenerator random = new java.util.SplittableRandom(1);
            return (ids, targets) -> {
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = random.nextInt(vocabulary);
                    targets[i] = random.nextInt(vocabulary);
                }
            };
        };
    }

    /**
     * Real text, packed as in training; tokenizing takes its share of the processors.
     *
     * @param shards the dataset
     * @param tokenizer for its documents
     * @param time T
     * @return for any number of rows
     */
    static Source text(Shards shards, Tokenizer tokenizer, int time) {
        return rows -> {
            BestFitLoader loader = BestFitLoader.start(
                    shards,
                    Split.TRAIN,
                    texts -> {
                        List<int[]> ids = tokenizer.encodeAll(texts, tokenizer.bos(), Tokenizer.NONE, 1);
                        return ids.toArray(int[][]::new);
                    },
                    LoaderOptions.of(rows, time));
            return new Batches() {
                @Override
                public void next(int[] ids, int[] targets) {
                    loader.next(ids, targets);
                }

                @Override
                public void close() {
                    loader.close();
                }
            };
        };
    }
}
