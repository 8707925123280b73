package org.nanochat4j.train.data;

/**
 * Exact place in the document stream: the document that comes next.
 *
 * @param shard index of the file within its split
 * @param rowGroup index of the row group within the file
 * @param document index within the row group; equal to its size when the row group is used up
 * @param epoch number of the pass over the data, from 1
 */
public record StreamCursor(int shard, int rowGroup, int document, int epoch) {}
