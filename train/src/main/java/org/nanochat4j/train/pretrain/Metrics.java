package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The metrics file of a run: one JSON object per line, with its {@code kind}. Numbers that are not finite become null. Every line is
 * flushed, so that a killed run has told all it did.
 */
public final class Metrics implements TrainingListener, AutoCloseable {

    /** Name of the file in the run's folder. */
    public static final String FILE = "metrics.jsonl";

    private final Path file;
    private final Writer out;

    private Metrics(Path file, Writer out) {
        this.file = file;
        this.out = out;
    }

    /** Begins the file of a run. */
    public static Metrics begin(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        return new Metrics(file, Files.newBufferedWriter(file, StandardCharsets.UTF_8));
    }

    /** Goes on with the file of a run that has ended. */
    public static Metrics append(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        return new Metrics(file, Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND));
    }

    /**
     * Goes on with the file of a run from a step; lines of what came after the checkpoint, and of what was cut off, are dropped.
     *
     * @param step of the checkpoint
     */
    public static Metrics resume(Path folder, int step) throws IOException {
        Path file = folder.resolve(FILE);
        var kept = new StringBuilder();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                if (!before(line, step)) {
                    break;
                }
                kept.append(line).append('\n');
            }
            Path shorter = folder.resolve(FILE + ".tmp");
            Files.writeString(shorter, kept);
            try (FileChannel channel = FileChannel.open(shorter, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(shorter, file, StandardCopyOption.ATOMIC_MOVE);
        }
        return new Metrics(
                file,
                Files.newBufferedWriter(
                        file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    private static boolean before(String line, int step) {
        try {
            JsonNode node = JsonMapper.shared().readTree(line);
            int at = node.path("step").asInt(0);
            return switch (node.path("kind").asString("")) {
                case "", "end" -> false;
                case "run" -> true;
                case "step" -> at < step;
                default -> at <= step;
            };
        } catch (JacksonException _) {
            return false;
        }
    }

    @Override
    public void on(TrainingEvent event) {
        try {
            out.write(JsonMapper.shared().writeValueAsString(node(event)));
            out.write('\n');
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("the metrics cannot be written to " + file, e);
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    private static ObjectNode node(TrainingEvent event) {
        ObjectNode node = JsonMapper.shared().createObjectNode();
        switch (event) {
            case TrainingEvent.Started(var facts) -> {
                node.put("kind", "run");
                facts.forEach((key, value) -> node.set(key, JsonMapper.shared().valueToTree(value)));
            }
            case TrainingEvent.Step step -> {
                node.put("kind", "step").put("step", step.step());
                put(node, "train/loss", step.loss());
                put(node, "train/smooth_loss", step.smoothLoss());
                put(node, "train/lrm", step.learningRate());
                put(node, "train/muon_momentum", step.momentum());
                put(node, "train/weight_decay", step.weightDecay());
                put(node, "train/dt", step.seconds());
                node.put("train/tok_per_sec", step.tokensPerSecond());
                put(node, "train/mfu", step.mfu());
                put(node, "train/grad_norm", step.gradientNorm());
                node.put("train/epoch", step.epoch())
                        .put("pq_idx", step.shard())
                        .put("rg_idx", step.rowGroup());
                put(node, "total_training_flops", step.totalFlops());
                put(node, "total_training_time", step.totalSeconds());
                step.gradientNorms().forEach((group, norm) -> put(node, "grad_norm/" + group, norm));
            }
            case TrainingEvent.Validation(int step, double bpb, long tokens, double seconds) -> {
                node.put("kind", "validation").put("step", step);
                put(node, "val/bpb", bpb);
                node.put("tokens", tokens);
                put(node, "seconds", seconds);
            }
            case TrainingEvent.Sample(int step, String prompt, String text) ->
                node.put("kind", "sample")
                        .put("step", step)
                        .put("prompt", prompt)
                        .put("text", text);
            case TrainingEvent.Saved(int step, Path folder) ->
                node.put("kind", "checkpoint").put("step", step).put("folder", folder.toString());
            case TrainingEvent.Resumed(int step, Path folder, var _, var history) -> {
                node.put("kind", "resume").put("step", step).put("folder", folder.toString());
                node.set("history", JsonMapper.shared().valueToTree(history));
            }
            case TrainingEvent.SaveFailed(int step, String problem) ->
                node.put("kind", "save_failed").put("step", step).put("problem", problem);
            case TrainingEvent.Memory(int step, MemoryUse use) -> {
                node.put("kind", "memory").put("step", step);
                node.put("memory/planned", use.planned())
                        .put("memory/tensors", use.tensors())
                        .put("memory/heap", use.heap());
                node.put("memory/resident", use.resident()).put("memory/peak_resident", use.peakResident());
            }
            case TrainingEvent.NotFinite(int step, String what, String where) ->
                node.put("kind", "not_finite")
                        .put("step", step)
                        .put("what", what)
                        .put("where", where);
            case TrainingEvent.Finished end -> {
                node.put("kind", "end").put("step", end.steps());
                put(node, "val/bpb", end.lastBpb());
                put(node, "val/min_bpb", end.minBpb());
                put(node, "total_training_time", end.totalSeconds());
                put(node, "data_wait_seconds", end.waitSeconds());
                put(node, "data_wait_share", end.waitShare());
                node.put("memory_bytes", end.peakMemoryBytes());
            }
        }
        return node;
    }

    private static void put(ObjectNode node, String key, @Nullable Double value) {
        if (value == null || !Double.isFinite(value)) {
            node.putNull(key);
        } else {
            node.put(key, value.doubleValue());
        }
    }
}
