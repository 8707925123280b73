package org.nanochat4j.train.data;

import java.util.List;

/**
 * Everything the loader needs to continue exactly: the next batches are those that would have come.
 *
 * <p>The packing buffer is kept as the addresses of its documents, in arrival order; texts and tokens are read again from the
 * shards. About 1,000 triples, small enough for a JSON file. It is valid for the same shards, tokenizer, rank and world size; batch
 * size, chunk size and sequence length may differ.
 *
 * @param position the reference's own, approximate state after the same batch
 * @param next where the stream continues
 * @param rank number of this process among all, from 0
 * @param worldSize number of processes that share the stream
 * @param buffer documents that wait for packing
 */
public record LoaderState(
        StreamPosition position, StreamCursor next, int rank, int worldSize, List<DocumentId> buffer) {

    /** Copies the list, so that a state never changes. */
    public LoaderState {
        buffer = List.copyOf(buffer);
    }
}
