package org.nanochat4j.train.data;

/**
 * Settings of the packing loader.
 *
 * @param rows rows per batch, B
 * @param sequence targets per row, T; a row holds T + 1 tokens before it is split into inputs and targets
 * @param buffer documents to choose from when packing; larger wastes less
 * @param chunk documents tokenized together
 * @param rank number of this process among all, from 0
 * @param worldSize number of processes that share the stream
 * @param readAhead batches prepared before they are asked for
 */
public record LoaderOptions(int rows, int sequence, int buffer, int chunk, int rank, int worldSize, int readAhead) {

    /** Checks the ranges. */
    public LoaderOptions {
        require(rows >= 1, "rows", rows, "at least 1");
        require(sequence >= 1, "sequence", sequence, "at least 1");
        require(buffer >= 1, "buffer", buffer, "at least 1");
        require(chunk >= 1, "chunk", chunk, "at least 1");
        require(worldSize >= 1, "worldSize", worldSize, "at least 1");
        require(rank >= 0 && rank < worldSize, "rank", rank, "0 to " + (worldSize - 1));
        require(readAhead >= 1, "readAhead", readAhead, "at least 1");
    }

    /** The reference's settings on one process: 1,000 documents to choose from, 128 tokenized together. */
    public static LoaderOptions of(int rows, int sequence) {
        return new LoaderOptions(rows, sequence, 1000, 128, 0, 1, 4);
    }

    /** The same with another buffer and chunk size. */
    public LoaderOptions withBuffer(int documents, int documentsPerChunk) {
        return new LoaderOptions(rows, sequence, documents, documentsPerChunk, rank, worldSize, readAhead);
    }

    /** The same for one of several processes. */
    public LoaderOptions withRank(int processRank, int processes) {
        return new LoaderOptions(rows, sequence, buffer, chunk, processRank, processes, readAhead);
    }

    /** The same with another number of batches prepared ahead. */
    public LoaderOptions withReadAhead(int batches) {
        return new LoaderOptions(rows, sequence, buffer, chunk, rank, worldSize, batches);
    }

    /** Tokens of a batch: B · T. */
    public int tokens() {
        return Math.multiplyExact(rows, sequence);
    }

    private static void require(boolean holds, String name, int value, String range) {
        if (!holds) {
            throw new DataException(
                    "loader option " + name + " is " + value, "must be " + range, "correct the setting");
        }
    }
}
