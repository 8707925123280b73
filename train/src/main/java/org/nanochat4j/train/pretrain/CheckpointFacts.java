package org.nanochat4j.train.pretrain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.CheckpointMeta;
import tools.jackson.databind.JsonNode;

/** What a checkpoint says of itself, for people; what it does not say is left out. */
public final class CheckpointFacts {

    private CheckpointFacts() {}

    /** Sections of facts: the checkpoint, model, parameters, options, dataset, identity, history, wall clock. */
    public static Map<String, Object> of(Checkpoint checkpoint) {
        CheckpointMeta meta = checkpoint.meta();
        JsonNode tree = meta.tree();
        var facts = new LinkedHashMap<String, Object>();
        var itself = new LinkedHashMap<String, Object>();
        itself.put("folder", checkpoint.directory().toString());
        meta.step().ifPresent(step -> itself.put("step", step));
        meta.validationBitsPerByte().ifPresent(bpb -> itself.put("val_bpb", bpb));
        itself.put("training_can_go_on", String.valueOf(checkpoint.hasOptimizer()));
        itself.put("tokenizer_fingerprint", meta.tokenizerFingerprint().orElse(Identity.UNKNOWN));
        facts.put("checkpoint", itself);
        facts.put("model", RunFacts.modelConfig(meta.config()));
        facts.put("parameters", RunFacts.parameters(meta.config()));
        section(facts, "options", tree.path("user_config"));
        rows(facts, "dataset", tree.path("dataset"));
        section(facts, RunFacts.IDENTITY, tree.path(RunFacts.IDENTITY));
        history(facts, tree.path("history"));
        section(facts, "wall_clock", tree.path("wall_clock"));
        return facts;
    }

    private static void section(Map<String, Object> facts, String name, JsonNode node) {
        if (!node.isEmpty()) {
            facts.put(name, fields(node));
        }
    }

    private static void rows(Map<String, Object> facts, String name, JsonNode list) {
        if (!list.isEmpty()) {
            facts.put(name, list.valueStream().map(CheckpointFacts::fields).toList());
        }
    }

    /** One row per change. */
    private static void history(Map<String, Object> facts, JsonNode history) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (JsonNode entry : history) {
            for (JsonNode change : entry.path("changes")) {
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("resumed_at_step", value(entry.path("resumed_at_step")));
                row.putAll(fields(change));
                rows.add(row);
            }
        }
        if (!rows.isEmpty()) {
            facts.put("history", rows);
        }
    }

    private static Map<String, Object> fields(JsonNode node) {
        Map<String, Object> map = new LinkedHashMap<>();
        node.properties().forEach(field -> map.put(field.getKey(), value(field.getValue())));
        return map;
    }

    private static Object value(JsonNode node) {
        if (node.isIntegralNumber()) {
            return node.longValue();
        }
        return node.isNumber() ? (Object) node.doubleValue() : node.asString();
    }
}
