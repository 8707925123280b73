package org.nanochat4j.train.pretrain;

import java.util.List;
import java.util.Map;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.train.data.BestFitLoader;
import org.nanochat4j.train.data.DocumentEncoder;
import org.nanochat4j.train.data.LoaderOptions;
import org.nanochat4j.train.data.LoaderState;
import org.nanochat4j.train.data.Shards;
import org.nanochat4j.train.data.Split;

/**
 * What a run reads.
 *
 * @param tag name of the run
 * @param shards the dataset
 * @param tokenizer turns its documents into ids
 * @param tokenizerFiles the tokenizer's files by name; they go into every checkpoint
 * @param encoderThreads threads that tokenize
 */
public record RunInputs(
        String tag, Shards shards, Tokenizer tokenizer, Map<String, byte[]> tokenizerFiles, int encoderThreads) {

    /** A loader from the beginning of a split. */
    BestFitLoader loader(Split split, int rows, int sequence) {
        return BestFitLoader.start(shards, split, encoder(), LoaderOptions.of(rows, sequence));
    }

    /** A loader of the training split that goes on exactly. */
    BestFitLoader loader(LoaderState state, int rows, int sequence) {
        return BestFitLoader.restore(shards, Split.TRAIN, encoder(), LoaderOptions.of(rows, sequence), state);
    }

    private DocumentEncoder encoder() {
        return texts -> {
            List<int[]> ids = tokenizer.encodeAll(texts, tokenizer.bos(), Tokenizer.NONE, encoderThreads);
            return ids.toArray(int[][]::new);
        };
    }
}
