package org.nanochat4j.train.data;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Place in the document stream as the reference records it: the row group pulled last.
 *
 * <p>Continuing from it is approximate, there as here: the rest of that row group and the documents that were waiting for
 * packing are skipped. The exact state is {@link LoaderState}.
 *
 * @param shard index of the file within its split
 * @param rowGroup index of the row group within the file
 * @param epoch number of the pass over the data, from 1
 */
public record StreamPosition(int shard, int rowGroup, int epoch) {

    /** Returns the reference's {@code dataloader_state_dict}: {@code pq_idx}, {@code rg_idx}, {@code epoch}. */
    public Map<String, Integer> toStateDict() {
        var fields = new LinkedHashMap<String, Integer>();
        fields.put("pq_idx", shard);
        fields.put("rg_idx", rowGroup);
        fields.put("epoch", epoch);
        return fields;
    }

    /**
     * Reads the reference's {@code dataloader_state_dict}; a missing epoch means 1.
     *
     * @throws DataException if {@code pq_idx} or {@code rg_idx} is missing
     */
    public static StreamPosition fromStateDict(Map<String, Integer> fields) {
        Integer shard = fields.get("pq_idx");
        Integer rowGroup = fields.get("rg_idx");
        if (shard == null || rowGroup == null) {
            throw new DataException(
                    "the loader state lacks pq_idx or rg_idx",
                    "it has " + fields.keySet(),
                    "start without resuming the data position");
        }
        return new StreamPosition(shard, rowGroup, fields.getOrDefault("epoch", 1));
    }
}
