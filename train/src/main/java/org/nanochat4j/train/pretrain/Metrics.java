package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
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
            case TrainingEvent.Finished end -> {
                node.put("kind", "end").put("step", end.steps());
                put(node, "val/bpb", end.lastBpb());
                put(node, "val/min_bpb", end.minBpb());
                put(node, "total_training_time", end.totalSeconds());
                put(node, "data_wait_seconds", end.waitSeconds());
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
