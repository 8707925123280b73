package org.nanochat4j.train.data;

/** The two parts of a dataset folder: the last shard by name is for validation, all others are for training. */
public enum Split {
    /** All shards but the last. */
    TRAIN,
    /** The last shard. */
    VAL
}
