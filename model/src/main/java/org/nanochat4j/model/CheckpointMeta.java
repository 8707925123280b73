package org.nanochat4j.model;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code meta.json}: what a checkpoint is, as a tree with typed access to what this module needs; callers add their own fields to {@link #tree}.
 *
 * <p>Field names are the reference's, plus {@code architecture} and {@code tokenizer_fingerprint}. The object {@code wall_clock} alone holds times,
 * host and paths, so that two runs of one seed differ nowhere else. Numbers that are not finite are written as null.
 */
public final class CheckpointMeta {
    private static final String ARCHITECTURE = "architecture";
    private static final String MODEL_CONFIG = "model_config";
    private static final String STEP = "step";
    private static final String VAL_BPB = "val_bpb";
    private static final String FINGERPRINT = "tokenizer_fingerprint";
    private static final String WALL_CLOCK = "wall_clock";
    private static final List<String> SIZES =
            List.of("sequence_len", "vocab_size", "n_layer", "n_head", "n_kv_head", "n_embd");

    private final ObjectNode tree;
    private final GptConfig config;

    private CheckpointMeta(ObjectNode tree, GptConfig config) {
        this.tree = tree;
        this.config = config;
    }

    /**
     * Begins a new one.
     *
     * @param config the model
     * @param step steps of training so far
     * @return with {@code step}, {@code val_bpb} (null), {@code architecture} and {@code model_config}
     */
    public static CheckpointMeta of(GptConfig config, long step) {
        ObjectNode tree = Json.STRICT.createObjectNode();
        tree.put(STEP, step);
        tree.putNull(VAL_BPB);
        tree.put(ARCHITECTURE, config.architecture().key());
        ObjectNode sizes = tree.putObject(MODEL_CONFIG);
        sizes.put("sequence_len", config.sequenceLength());
        sizes.put("vocab_size", config.vocabularySize());
        sizes.put("n_layer", config.layers());
        sizes.put("n_head", config.heads());
        sizes.put("n_kv_head", config.kvHeads());
        sizes.put("n_embd", config.channels());
        if (config.architecture().hasWindows()) {
            sizes.put("window_pattern", config.windowPattern());
        }
        return new CheckpointMeta(tree, config);
    }

    /**
     * Reads one.
     *
     * @param json the text
     * @param where for messages, usually the file
     * @return the meta data
     * @throws ModelException.BadCheckpoint if a needed field is missing or wrong
     */
    public static CheckpointMeta parse(String json, String where) {
        JsonNode root;
        try {
            root = Json.STRICT.readTree(json);
        } catch (JacksonException e) {
            throw bad(where, "is not JSON: " + e.getOriginalMessage(), "use another copy of the checkpoint");
        }
        if (!(root instanceof ObjectNode tree)) {
            throw bad(where, "is not a JSON object", "use another copy of the checkpoint");
        }
        JsonNode architecture = tree.path(ARCHITECTURE);
        if (!architecture.isString()) {
            throw bad(
                    where,
                    "has no \"architecture\"",
                    "add \"architecture\": \"current\", or \"original\" for the" + " first release of October 2025");
        }
        JsonNode sizes = tree.path(MODEL_CONFIG);
        if (!sizes.isObject()) {
            throw bad(where, "has no \"model_config\" object", "add it with " + String.join(", ", SIZES));
        }
        int[] values =
                SIZES.stream().mapToInt(field -> size(where, sizes, field)).toArray();
        JsonNode pattern = sizes.path("window_pattern");
        try {
            return new CheckpointMeta(
                    tree,
                    new GptConfig(
                            values[0],
                            values[1],
                            values[2],
                            values[3],
                            values[4],
                            values[5],
                            pattern.isString() ? pattern.asString() : "L",
                            Architecture.of(architecture.asString())));
        } catch (ModelException.BadConfig e) {
            throw bad(where, "describes no model: " + e.getMessage(), "correct the field, or use another copy");
        }
    }

    private static int size(String where, JsonNode sizes, String field) {
        JsonNode node = sizes.path(field);
        if (!node.isIntegralNumber() || !node.canConvertToInt()) {
            throw bad(
                    where,
                    "has no whole number \"" + field + "\" in model_config, but "
                            + (node.isMissingNode() ? "nothing" : node),
                    "model_config needs " + String.join(", ", SIZES));
        }
        return node.intValue();
    }

    private static ModelException.BadCheckpoint bad(String where, String problem, String remedy) {
        return new ModelException.BadCheckpoint(where + " " + problem + "; " + remedy);
    }

    /** {@return the tree itself; changes to it are written with the checkpoint} */
    public ObjectNode tree() {
        return tree;
    }

    /** {@return the model's shape} */
    public GptConfig config() {
        return config;
    }

    /** {@return steps of training so far, if stated} */
    public OptionalLong step() {
        JsonNode node = tree.path(STEP);
        return node.isIntegralNumber() ? OptionalLong.of(node.longValue()) : OptionalLong.empty();
    }

    /** {@return validation bits per byte, if stated} */
    public OptionalDouble validationBitsPerByte() {
        JsonNode node = tree.path(VAL_BPB);
        return node.isNumber() && Double.isFinite(node.doubleValue())
                ? OptionalDouble.of(node.doubleValue())
                : OptionalDouble.empty();
    }

    /**
     * States the validation bits per byte.
     *
     * @param value null is written if it is not finite
     * @return this
     */
    public CheckpointMeta validationBitsPerByte(double value) {
        putNumber(tree, VAL_BPB, value);
        return this;
    }

    /** {@return the fingerprint of the tokenizer that the model was trained with, if stated} */
    public Optional<String> tokenizerFingerprint() {
        JsonNode node = tree.path(FINGERPRINT);
        return node.isString() ? Optional.of(node.asString()) : Optional.empty();
    }

    /**
     * States the tokenizer.
     *
     * @param fingerprint of the tokenizer that the model was trained with
     * @return this
     */
    public CheckpointMeta tokenizerFingerprint(String fingerprint) {
        tree.put(FINGERPRINT, fingerprint);
        return this;
    }

    /** {@return the object for times, host and paths, made if it is not there} */
    public ObjectNode wallClock() {
        return tree.get(WALL_CLOCK) instanceof ObjectNode node ? node : tree.putObject(WALL_CLOCK);
    }

    /**
     * Puts a number, or null where JSON has no word for it.
     *
     * @param object where
     * @param field name
     * @param value may be infinite or not a number
     */
    public static void putNumber(ObjectNode object, String field, double value) {
        if (Double.isFinite(value)) {
            object.put(field, value);
        } else {
            object.putNull(field);
        }
    }

    /** {@return the text of the file; numbers that are not finite have become null} */
    public String json() {
        ObjectNode copy = tree.deepCopy();
        replaceNonFinite(copy);
        return Json.pretty(copy);
    }

    private static void replaceNonFinite(JsonNode node) {
        if (node instanceof ObjectNode object) {
            for (String field : List.copyOf(object.propertyNames())) {
                if (isNonFinite(object.get(field))) {
                    object.putNull(field);
                }
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                if (isNonFinite(array.get(i))) {
                    array.setNull(i);
                }
            }
        }
        node.forEach(CheckpointMeta::replaceNonFinite);
    }

    private static boolean isNonFinite(JsonNode node) {
        return node.isFloatingPointNumber() && !Double.isFinite(node.doubleValue());
    }
}
