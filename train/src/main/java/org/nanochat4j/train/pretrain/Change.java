package org.nanochat4j.train.pretrain;

import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Something that is different after a run was resumed.
 *
 * @param what an option, {@code dataset}, or a fact of {@link Identity}
 * @param from before
 * @param to from now on
 */
public record Change(String what, String from, String to) {

    /** An entry of a run's history. */
    static ObjectNode entry(int step, List<Change> changes) {
        ObjectNode entry = JsonMapper.shared().createObjectNode().put("resumed_at_step", step);
        ArrayNode list = entry.putArray("changes");
        changes.forEach(change -> list.addObject()
                .put("what", change.what)
                .put("from", change.from)
                .put("to", change.to));
        return entry;
    }

    @Override
    public String toString() {
        return what + " was " + from + " and is now " + to;
    }
}
