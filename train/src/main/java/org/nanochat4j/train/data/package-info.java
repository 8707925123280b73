/**
 * Text in, batches out: parquet shards, their import from other forms, the document stream and the best-fit packing loader.
 *
 * <p>Nothing here knows a tokenizer or a model; the loader is given a {@link org.nanochat4j.train.data.DocumentEncoder}. Every
 * failure that the user can mend is a {@link org.nanochat4j.train.data.DataException}.
 */
@NullMarked
package org.nanochat4j.train.data;

import org.jspecify.annotations.NullMarked;
