package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The metrics file of a run: one JSON object per line, with its {@code kind}. Numbers that are not finite become null. Every line is handed to the
 * operating system at once, so that a killed run has told all it did.
 *
 * <p>A line that cannot be written, on a full disk for example, does not end the run: it is kept and tried again with the next one, after a warning
 * that is repeated.
 */
public final class Metrics implements TrainingListener, AutoCloseable {

    /** Name of the file in the run's folder. */
    public static final String FILE = "metrics.jsonl";

    /** Lines kept for a disk that is full, some 60 MB; later ones are lost. */
    private static final int MOST_PENDING = 100_000;

    /** Events between two warnings. */
    private static final int WARN_EVERY = 10;

    private final Path file;
    private final FileChannel channel;
    private final Consumer<String> warn;
    private final ArrayDeque<ByteBuffer> pending = new ArrayDeque<>();
    private int failures;
    private long lost;

    private Metrics(Path file, Consumer<String> warn, OpenOption... options) throws IOException {
        this.file = file;
        this.warn = warn;
        channel = FileChannel.open(file, options);
    }

    /**
     * Begins the file of a run.
     *
     * @param warn told when lines cannot be written
     */
    public static Metrics begin(Path folder, Consumer<String> warn) throws IOException {
        return new Metrics(
                folder.resolve(FILE),
                warn,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
    }

    /**
     * Goes on with the file of a run that has ended.
     *
     * @param warn told when lines cannot be written
     */
    public static Metrics append(Path folder, Consumer<String> warn) throws IOException {
        return new Metrics(folder.resolve(FILE), warn, StandardOpenOption.APPEND);
    }

    /**
     * Goes on with the file of a run from a step; lines of what came after the checkpoint, and of what was cut off, are dropped.
     *
     * @param step of the checkpoint
     * @param warn told when lines cannot be written
     */
    public static Metrics resume(Path folder, int step, Consumer<String> warn) throws IOException {
        Path file = folder.resolve(FILE);
        long kept = 0;
        if (Files.exists(file)) {
            // a character per byte: a cut-off line may end within a UTF-8 sequence, and offsets count bytes
            for (String line :
                    Files.readString(file, StandardCharsets.ISO_8859_1).split("(?<=\n)")) {
                if (!line.endsWith("\n") || !before(line, step)) {
                    break;
                }
                kept += line.length();
            }
        }
        Metrics metrics = new Metrics(file, warn, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        metrics.channel.truncate(kept).position(kept);
        return metrics;
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
        if (pending.size() < MOST_PENDING) {
            pending.add(StandardCharsets.UTF_8.encode(JsonMapper.shared().writeValueAsString(node(event)) + "\n"));
        } else {
            lost++;
        }
        try {
            write();
            failures = 0;
        } catch (IOException e) {
            if (failures++ % WARN_EVERY == 0) {
                warn.accept("WARNING: " + file + " cannot be written (" + e.getMessage() + "); " + pending.size()
                        + " lines wait, " + lost + " are lost, training goes on. Make room on the disk.");
            }
        }
    }

    /** Writes what waits; a line that fails half-way goes on where it stopped. */
    private void write() throws IOException {
        while (!pending.isEmpty()) {
            ByteBuffer line = pending.getFirst();
            while (line.hasRemaining()) {
                channel.write(line);
            }
            pending.removeFirst();
        }
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            write();
        } catch (IOException e) {
            warn.accept("WARNING: the last " + (pending.size() + lost) + " lines of " + file + " are lost ("
                    + e.getMessage() + ")");
        }
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
            case TrainingEvent.Saved(int step, Path folder, double heldUp, double writing) -> {
                node.put("kind", "checkpoint").put("step", step).put("folder", folder.toString());
                put(node, "held_up_seconds", heldUp);
                put(node, "writing_seconds", writing);
            }
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
            case TrainingEvent.Warning(int step, String problem) ->
                node.put("kind", "warning").put("step", step).put("problem", problem);
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
