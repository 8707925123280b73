package org.nanochat4j.train.pretrain;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.DeviceInfo;
import org.nanochat4j.model.CheckpointMeta;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.ParameterCounts;
import org.nanochat4j.train.data.LoaderState;
import org.nanochat4j.train.data.Shard;
import org.nanochat4j.train.data.Shards;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a run says of itself: at its start to the metrics and the report, and in every checkpoint's {@code meta.json}. */
public final class RunFacts {

    /** Field of {@code meta.json}: see {@link Identity}. */
    public static final String IDENTITY = "identity";

    private RunFacts() {}

    /** Sections for the report, in its order. */
    static Map<String, Object> of(
            PretrainOptions options,
            RunInputs inputs,
            Derivation derivation,
            Gpt gpt,
            Map<String, Object> memory,
            Engine engine,
            PeakFlops peak) {
        var facts = new LinkedHashMap<String, Object>();
        facts.put("started", now());
        facts.put("model", modelConfig(gpt.config()));
        facts.put("parameters", parameters(gpt.config()));
        facts.put("derivation", derivation(derivation));
        facts.put("memory", memory);
        facts.put("data", data(inputs));
        facts.put("options", options.userConfig());
        facts.put("machine", machine(engine, peak));
        if (!engine.kernels().isEmpty()) {
            facts.put("kernels", engine.kernels());
        }
        facts.put(IDENTITY, Identity.of(engine).facts());
        return facts;
    }

    /** Parameters in all and by group. */
    public static Map<String, Object> parameters(GptConfig config) {
        ParameterCounts counts = ParameterCounts.of(config);
        var map = new LinkedHashMap<String, Object>();
        map.put("wte", counts.tokenEmbedding());
        map.put("value_embeds", counts.valueEmbeddings());
        map.put("lm_head", counts.lmHead());
        map.put("transformer_matrices", counts.matrices());
        map.put("scalars", counts.scalars());
        map.put("total", counts.total());
        return map;
    }

    /**
     * Bytes by use.
     *
     * @param copyBytes of the state for saving, 0 if none is made
     */
    public static Map<String, Object> memory(MemoryPlan plan, long copyBytes) {
        var map = new LinkedHashMap<String, Object>();
        plan.variableBytes().forEach((role, bytes) -> map.put(role.name().toLowerCase(Locale.ROOT), bytes));
        map.put("temporaries", plan.arenaBytes());
        map.put("kernel_scratch", plan.scratchBytes());
        if (copyBytes > 0) {
            map.put("copy_for_saving", copyBytes);
        }
        map.put("total", plan.totalBytes() + copyBytes);
        return map;
    }

    /** The configuration by the reference's field names. */
    public static Map<String, Object> modelConfig(GptConfig config) {
        var map = new LinkedHashMap<String, Object>();
        map.put("architecture", config.architecture().key());
        map.put("sequence_len", config.sequenceLength());
        map.put("vocab_size", config.vocabularySize());
        map.put("n_layer", config.layers());
        map.put("n_head", config.heads());
        map.put("n_kv_head", config.kvHeads());
        map.put("n_embd", config.channels());
        map.put("window_pattern", config.windowPattern());
        return map;
    }

    /** What follows from the options. */
    static Map<String, Object> derivation(Derivation derivation) {
        var map = new LinkedHashMap<String, Object>();
        map.put("num_iterations", derivation.iterations());
        map.put("horizon", derivation.horizon());
        map.put("total_batch_size", derivation.totalBatchSize());
        map.put("accumulation_steps", derivation.accumulationSteps());
        map.put("total_tokens", derivation.totalTokens());
        map.put("batch_lr_scale", derivation.batchScale());
        map.put("weight_decay", derivation.weightDecay());
        map.put("flops_per_token", derivation.flopsPerToken());
        map.put("total_flops", derivation.totalFlops());
        return map;
    }

    private static Map<String, Object> data(RunInputs inputs) {
        Shards shards = inputs.shards();
        var map = new LinkedHashMap<String, Object>();
        map.put("folder", shards.folder().toString());
        map.put("shards", shards.all().size());
        map.put("documents", shards.all().stream().mapToLong(Shard::rows).sum());
        map.put("file_bytes", shards.all().stream().mapToLong(Shard::bytes).sum());
        map.put("tokenizer_fingerprint", inputs.tokenizer().fingerprint());
        return map;
    }

    private static Map<String, Object> machine(Engine engine, PeakFlops peak) {
        var device = engine.device();
        var map = new LinkedHashMap<String, Object>();
        map.put("processor", device.name());
        map.put("threads", device.threads());
        map.put("peak_gflops", Math.rint(peak.perSecond() / 1e8) / 10);
        map.put("peak_source", peak.source());
        map.put("system", system());
        return map;
    }

    /** The reference's fields and ours. What cannot change a byte of the result (times, machine, threads, paths) stands in {@code wall_clock} alone. */
    static CheckpointMeta meta(
            PretrainOptions options,
            RunInputs inputs,
            Derivation derivation,
            Progress progress,
            GptConfig config,
            Engine engine) {
        CheckpointMeta meta = CheckpointMeta.of(config, progress.step())
                .tokenizerFingerprint(inputs.tokenizer().fingerprint());
        Double bpb = progress.valBpb();
        meta.validationBitsPerByte(bpb == null ? Double.NaN : bpb);
        ObjectNode tree = meta.tree();
        tree.put("model_tag", inputs.tag());
        tree.set("user_config", JsonMapper.shared().valueToTree(options.userConfig()));
        tree.put("device_batch_size", options.horizon().deviceBatchSize());
        tree.put("max_seq_len", options.model().maxSeqLen());
        tree.put("total_batch_size", derivation.totalBatchSize());
        tree.set("derivation", JsonMapper.shared().valueToTree(derivation(derivation)));
        tree.set(
                "dataloader_state_dict",
                JsonMapper.shared().valueToTree(progress.position().toStateDict()));
        ObjectNode loop = tree.putObject("loop_state");
        Double least = progress.minBpb();
        CheckpointMeta.putNumber(loop, "min_val_bpb", least == null ? Double.NaN : least);
        loop.put(SavedRun.VAL_STEP, progress.valStep());
        CheckpointMeta.putNumber(loop, "smooth_train_loss", progress.smoothLoss());
        loader(progress.loader(), tree.putObject("loader_state"));
        tree.set("dataset", dataset(inputs.shards()));
        if (!progress.history().isEmpty()) {
            tree.set("history", JsonMapper.shared().valueToTree(progress.history()));
        }
        tree.set(IDENTITY, JsonMapper.shared().valueToTree(Identity.of(engine).facts()));
        wallClock(meta.wallClock(), inputs, progress, engine.device());
        return meta;
    }

    /** Enough for a loader to continue exactly; documents that wait for packing as shard:row group:document. */
    private static void loader(LoaderState state, ObjectNode node) {
        node.set("position", JsonMapper.shared().valueToTree(state.position().toStateDict()));
        node.putObject("next")
                .put("shard", state.next().shard())
                .put("row_group", state.next().rowGroup())
                .put("document", state.next().document())
                .put("epoch", state.next().epoch());
        node.put("rank", state.rank()).put("world_size", state.worldSize());
        // as text: pretty-printed, a thousand triples would take four thousand lines
        var buffer = new StringBuilder();
        state.buffer()
                .forEach(id -> buffer.append(buffer.isEmpty() ? "" : " ")
                        .append(id.shard())
                        .append(':')
                        .append(id.rowGroup())
                        .append(':')
                        .append(id.document()));
        node.put("buffer", buffer.toString());
    }

    /** What identifies a dataset: its shards in order. */
    static ArrayNode dataset(Shards shards) {
        ArrayNode node = JsonMapper.shared().createArrayNode();
        for (Shard shard : shards.all()) {
            node.addObject()
                    .put("file", shard.file().getFileName().toString())
                    .put("bytes", shard.bytes())
                    .put("documents", shard.rows())
                    .put("footer_sha256", shard.footerSha256());
        }
        return node;
    }

    private static void wallClock(ObjectNode node, RunInputs inputs, Progress progress, DeviceInfo device) {
        node.put("saved", now());
        CheckpointMeta.putNumber(node, "total_training_time", progress.totalSeconds());
        node.put("data", inputs.shards().folder().toAbsolutePath().toString());
        node.put("host", host());
        node.put("system", system());
        node.put("processor", device.name());
        node.put("threads", device.threads());
        node.put("loader_threads", inputs.encoderThreads());
    }

    private static String system() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch") + " "
                + System.getProperty("os.version");
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}
