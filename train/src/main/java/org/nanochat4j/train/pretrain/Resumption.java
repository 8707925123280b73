package org.nanochat4j.train.pretrain;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nanochat4j.train.data.Shards;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A decision to go on with a saved run, as it was or with changes that were asked for.
 *
 * @param saved where the run had come to
 * @param options to go on with
 * @param sameData whether the dataset is the one the run was trained with; otherwise it is read from its beginning
 * @param changes what is different from now on
 */
public record Resumption(SavedRun saved, PretrainOptions options, boolean sameData, List<Change> changes) {

    /** Options that make another model, or another beginning. */
    private static final Set<String> FIXED =
            Set.of("architecture", "depth", "aspect_ratio", "head_dim", "max_seq_len", "window_pattern", "seed");

    /** In the order of their precedence. */
    private static final List<String> HORIZONS = List.of("num_iterations", "target_flops", "target_param_data_ratio");

    /** Options that do not touch what is learned. */
    private static final Set<String> FREE = Set.of("eval_every", "sample_every", "save_every");

    /** Copies the list, so that a decision never changes. */
    public Resumption {
        changes = List.copyOf(changes);
    }

    /**
     * Compares what was asked for with what the run was trained with.
     *
     * @param given options that were given explicitly, by the names of {@link PretrainOptions#userConfig}
     * @param asked their values; others are ignored
     * @param shards the dataset to go on with
     * @param allowChanges whether schedule and data may differ
     * @throws TrainingException naming what differs, if it may not
     */
    public static Resumption of(
            SavedRun saved, Set<String> given, PretrainOptions asked, Shards shards, boolean allowChanges) {
        ObjectNode config = JsonMapper.shared().valueToTree(saved.options().userConfig());
        var changes = new ArrayList<Change>();
        for (Map.Entry<String, Object> entry : asked.userConfig().entrySet()) {
            String key = entry.getKey();
            JsonNode now = JsonMapper.shared().valueToTree(entry.getValue());
            String before = config.required(key).asString();
            if (!given.contains(key) || before.equals(now.asString())) {
                continue;
            }
            if (FIXED.contains(key)) {
                throw new TrainingException(
                        key + " is " + before + " in the run of "
                                + saved.checkpoint().directory() + ", not " + now.asString(),
                        "leave the option out, or train a new run under another --model-tag");
            }
            if (!FREE.contains(key)) {
                changes.add(new Change(key, before, now.asString()));
            }
            config.set(key, now);
        }
        replaceHorizon(config, given, changes);
        JsonNode dataset = RunFacts.dataset(shards);
        // as text: the same number is an int here and a long there
        boolean sameData = dataset.toString().equals(saved.dataset().toString());
        if (!sameData) {
            changes.add(new Change("dataset", describe(saved.dataset()), describe(dataset)));
        }
        if (!changes.isEmpty() && !allowChanges) {
            throw new TrainingException(
                    "the run of " + saved.checkpoint().directory() + " was trained otherwise: "
                            + String.join(
                                    ", ", changes.stream().map(Change::toString).toList()),
                    "leave these options out to go on exactly, or add --allow-changes, which is recorded in the run's history");
        }
        return new Resumption(saved, SavedRun.options(config), sameData, changes);
    }

    /** A horizon of lower precedence counts only where those above it are off; so they are, where they were not asked for again. */
    private static void replaceHorizon(ObjectNode config, Set<String> given, List<Change> changes) {
        List<String> changed = changes.stream().map(Change::what).toList();
        for (String lower : HORIZONS.subList(1, HORIZONS.size())) {
            for (String higher : HORIZONS.subList(0, HORIZONS.indexOf(lower))) {
                JsonNode steps = config.required(higher);
                if (changed.contains(lower) && !given.contains(higher) && steps.doubleValue() > 0) {
                    changes.add(new Change(higher, steps.asString(), "-1"));
                    config.put(higher, -1);
                }
            }
        }
    }

    /** The same decision, also noting where code, Java or kernels are not those of the checkpoint. */
    Resumption on(Identity now) {
        var all = new ArrayList<>(changes);
        all.addAll(Identity.of(saved.checkpoint().meta().tree().path(RunFacts.IDENTITY))
                .changesTo(now));
        return new Resumption(saved, options, sameData, all);
    }

    /** All changes of the run, these and those of earlier resumptions, as {@code meta.json} keeps them. */
    List<ObjectNode> history() {
        Progress progress = saved.progress();
        var history = new ArrayList<ObjectNode>(progress.history());
        if (!changes.isEmpty()) {
            history.add(Change.entry(progress.step(), changes));
        }
        return history;
    }

    private static String describe(JsonNode dataset) {
        var names = new ArrayList<String>();
        dataset.forEach(shard -> {
            String hash = shard.path("footer_sha256").asString("");
            names.add(shard.path("file").asString("?") + " " + hash.substring(0, Math.min(8, hash.length())));
        });
        return String.join(", ", names);
    }
}
