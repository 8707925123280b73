package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.ModelException;
import org.nanochat4j.train.data.DocumentId;
import org.nanochat4j.train.data.LoaderState;
import org.nanochat4j.train.data.StreamCursor;
import org.nanochat4j.train.data.StreamPosition;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A complete checkpoint of a run, with all that is needed to go on from it exactly.
 *
 * @param checkpoint whose files all have their checksums
 * @param tag name of the run
 * @param options of the run
 * @param data where the dataset was
 * @param dataset its shards: file, bytes, documents, footer_sha256
 * @param progress how far the run had come
 */
public record SavedRun(
        Checkpoint checkpoint, String tag, PretrainOptions options, Path data, JsonNode dataset, Progress progress) {

    /** In {@code loop_state}: after how many steps {@code val_bpb} was measured, which may be fewer than the checkpoint's. */
    static final String VAL_STEP = "val_bpb_step";

    /**
     * Reads a checkpoint and compares every file with its checksum.
     *
     * @throws IOException if it cannot be read
     * @throws ModelException.BadCheckpoint if it is torn or was changed
     * @throws TrainingException if it is whole, but none to go on from
     */
    public static SavedRun open(Path folder) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(folder);
        if (!Files.exists(folder.resolve("SHA256SUMS")) || !checkpoint.hasOptimizer()) {
            throw new TrainingException(
                    folder + " has no checksums or no optimizer state", "training cannot go on from it; use another");
        }
        checkpoint.verify();
        JsonNode tree = checkpoint.meta().tree();
        try {
            Progress progress = progress(tree);
            if (progress.step() != RunFolder.step(folder)) {
                throw new TrainingException(
                        folder + " holds the checkpoint of step " + progress.step(),
                        "it was renamed or belongs to another run; use another");
            }
            return new SavedRun(
                    checkpoint,
                    tree.required("model_tag").stringValue(),
                    options(tree.required("user_config")),
                    Path.of(tree.required("wall_clock").required("data").stringValue()),
                    tree.required("dataset"),
                    progress);
        } catch (JacksonException | IllegalArgumentException e) {
            throw new TrainingException(
                    folder.resolve(Checkpoint.META) + " does not say all that is needed to go on: " + e.getMessage(),
                    "use another checkpoint");
        }
    }

    /** The options of a run as {@code user_config} keeps them; the inverse of {@link PretrainOptions#userConfig}. */
    static PretrainOptions options(JsonNode config) {
        return new PretrainOptions(
                new PretrainOptions.ModelOptions(
                        Architecture.of(config.required("architecture").stringValue()),
                        config.required("depth").intValue(),
                        config.required("aspect_ratio").intValue(),
                        config.required("head_dim").intValue(),
                        config.required("max_seq_len").intValue(),
                        config.required("window_pattern").stringValue(),
                        // runs from before there was a choice do not say it
                        ComputeType.of(config.path("dtype").asString(ComputeType.F32.key())),
                        ComputeType.of(config.path("embedding_dtype").asString(ComputeType.F32.key()))),
                new PretrainOptions.HorizonOptions(
                        config.required("num_iterations").intValue(),
                        number(config, "target_flops"),
                        number(config, "target_param_data_ratio"),
                        config.required("device_batch_size").intValue(),
                        config.required("total_batch_size").longValue()),
                new PretrainOptions.OptimizerOptions(
                        number(config, "embedding_lr"),
                        number(config, "unembedding_lr"),
                        number(config, "weight_decay"),
                        number(config, "matrix_lr"),
                        number(config, "scalar_lr"),
                        config.required("warmup_steps").intValue(),
                        number(config, "warmdown_ratio"),
                        number(config, "final_lr_frac")),
                new PretrainOptions.Intervals(
                        config.required("eval_every").intValue(),
                        config.required("eval_tokens").longValue(),
                        config.required("sample_every").intValue(),
                        config.required("save_every").intValue()),
                config.required("seed").longValue());
    }

    private static Progress progress(JsonNode tree) {
        JsonNode loop = tree.required("loop_state");
        LoaderState loader = loader(tree.required("loader_state"));
        var history = new ArrayList<ObjectNode>();
        tree.path("history").forEach(entry -> history.add((ObjectNode) entry));
        return new Progress(
                tree.required("step").intValue(),
                optional(tree.required("val_bpb")),
                loop.path(VAL_STEP).isIntegralNumber() ? loop.path(VAL_STEP).intValue() : null,
                optional(loop.required("min_val_bpb")),
                number(loop, "smooth_train_loss"),
                number(tree.required("wall_clock"), "total_training_time"),
                loader.position(),
                loader,
                history);
    }

    private static LoaderState loader(JsonNode state) {
        JsonNode position = state.required("position");
        JsonNode next = state.required("next");
        var buffer = new ArrayList<DocumentId>();
        String text = state.required("buffer").stringValue();
        for (String id : text.isEmpty() ? List.<String>of() : List.of(text.split(" "))) {
            int[] parts =
                    List.of(id.split(":")).stream().mapToInt(Integer::parseInt).toArray();
            if (parts.length != 3) {
                throw new IllegalArgumentException("\"" + id + "\" in the loader's buffer is no document");
            }
            buffer.add(new DocumentId(parts[0], parts[1], parts[2]));
        }
        return new LoaderState(
                new StreamPosition(
                        position.required("pq_idx").intValue(),
                        position.required("rg_idx").intValue(),
                        position.required("epoch").intValue()),
                new StreamCursor(
                        next.required("shard").intValue(),
                        next.required("row_group").intValue(),
                        next.required("document").intValue(),
                        next.required("epoch").intValue()),
                state.required("rank").intValue(),
                state.required("world_size").intValue(),
                buffer);
    }

    private static double number(JsonNode node, String field) {
        return node.required(field).doubleValue();
    }

    private static @Nullable Double optional(JsonNode node) {
        return node.isNull() ? null : node.doubleValue();
    }
}
