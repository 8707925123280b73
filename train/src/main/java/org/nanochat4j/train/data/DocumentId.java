package org.nanochat4j.train.data;

/**
 * Address of one document of a split.
 *
 * @param shard index of the file within its split
 * @param rowGroup index of the row group within the file
 * @param document index within the row group
 */
public record DocumentId(int shard, int rowGroup, int document) {}
