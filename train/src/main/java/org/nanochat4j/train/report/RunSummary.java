package org.nanochat4j.train.report;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** What came out of a run, in the order of importance. */
final class RunSummary {

    private RunSummary() {}

    static LinkedHashMap<String, String> of(RunLog run) {
        var rows = new LinkedHashMap<String, String>();
        size(run, rows);
        quality(run, rows);
        speed(run, rows);
        memory(run, rows);
        history(run, rows);
        return rows;
    }

    private static void size(RunLog run, LinkedHashMap<String, String> rows) {
        JsonNode facts = run.facts();
        put(rows, "parameters", facts.path("parameters").path("total"));
        put(rows, "vocabulary", facts.path("model").path("vocab_size"));
        JsonNode batch = facts.path("derivation").path("total_batch_size");
        put(rows, "tokens per step", batch);
        int done = run.stepsDone();
        rows.put(
                "steps",
                String.format(
                        Locale.ROOT,
                        "%,d of %s%s",
                        done,
                        Report.text(facts.path("derivation").path("num_iterations")),
                        run.end().isMissingNode() ? " (the run did not end)" : ""));
        if (batch.isNumber()) {
            rows.put("tokens trained on", String.format(Locale.ROOT, "%,d", batch.asLong() * done));
        }
    }

    private static void quality(RunLog run, LinkedHashMap<String, String> rows) {
        double[] bpb = RunLog.series(run.validations(), "val/bpb")[1];
        if (bpb.length > 0) {
            rows.put("first validation bpb", String.format(Locale.ROOT, "%.6f", bpb[0]));
            rows.put("last validation bpb", String.format(Locale.ROOT, "%.6f", bpb[bpb.length - 1]));
            rows.put(
                    "lowest validation bpb",
                    String.format(Locale.ROOT, "%.6f", Arrays.stream(bpb).min().orElseThrow()));
        }
        if (!run.steps().isEmpty()) {
            put(
                    rows,
                    "last loss (smoothed), nats per token",
                    run.steps().getLast().path("train/smooth_loss"));
        }
    }

    private static void speed(RunLog run, LinkedHashMap<String, String> rows) {
        if (!run.steps().isEmpty()) {
            double seconds =
                    Arrays.stream(RunLog.series(run.steps(), "train/dt")[1]).sum();
            rows.put("training time", String.format(Locale.ROOT, "%.1f minutes", seconds / 60));
            rows.put(
                    "speed, median",
                    String.format(Locale.ROOT, "%,.0f tokens/s", median(run.steps(), "train/tok_per_sec")));
            rows.put("MFU, median", String.format(Locale.ROOT, "%.1f %%", median(run.steps(), "train/mfu")));
        }
        JsonNode machine = run.facts().path("machine");
        if (machine.has("peak_gflops")) {
            rows.put(
                    "peak that MFU is relative to",
                    Report.text(machine.path("peak_gflops")) + " GFLOP/s, " + Report.text(machine.path("peak_source")));
        }
        put(rows, "kernels", run.facts().path("identity").path("kernels"));
        JsonNode waited = run.end().path("data_wait_seconds");
        if (waited.isNumber()) {
            rows.put(
                    "waited for data",
                    String.format(
                            Locale.ROOT,
                            "%.2f seconds, %.2f %% of the steps' time",
                            waited.asDouble(),
                            100 * run.end().path("data_wait_share").asDouble()));
        }
    }

    private static void memory(RunLog run, LinkedHashMap<String, String> rows) {
        JsonNode plan = run.facts().path("memory").path("total");
        if (plan.isNumber()) {
            rows.put("memory planned", Report.mebibytes(plan));
        }
        most(run, rows, "memory allocated for tensors", "memory/tensors");
        most(run, rows, "Java heap, most seen", "memory/heap");
        most(run, rows, "process memory, peak", "memory/peak_resident");
    }

    private static void most(RunLog run, LinkedHashMap<String, String> rows, String name, String key) {
        Arrays.stream(RunLog.series(run.memory(), key)[1])
                .max()
                .ifPresent(bytes -> rows.put(name, String.format(Locale.ROOT, "%,.1f MiB", bytes / (1 << 20))));
    }

    /** Interruptions and changes; a run without any has no such rows. */
    private static void history(RunLog run, LinkedHashMap<String, String> rows) {
        notes(run, rows, "resumed after step", "resume", "");
        run.notes("resume").forEach(resume -> rows.put("changes", changes(resume.path("history"))));
        rows.values().removeIf(String::isEmpty);
        notes(run, rows, "saves that failed, at step", "save_failed", "");
        notes(run, rows, "stopped by a number that is not finite, at step", "not_finite", "what");
    }

    private static void notes(RunLog run, LinkedHashMap<String, String> rows, String name, String kind, String detail) {
        String text = run.notes(kind).stream()
                .map(note -> Report.text(note.path("step"))
                        + (detail.isEmpty() ? "" : ": " + note.path(detail).asString("")))
                .collect(Collectors.joining(", "));
        if (!text.isEmpty()) {
            rows.put(name, text);
        }
    }

    private static String changes(JsonNode history) {
        var text = new StringBuilder();
        for (JsonNode entry : history) {
            for (JsonNode change : entry.path("changes")) {
                text.append(text.isEmpty() ? "" : "; ")
                        .append("at step ")
                        .append(Report.text(entry.path("resumed_at_step")))
                        .append(": ")
                        .append(change.path("what").asString("?"))
                        .append(" from ")
                        .append(change.path("from").asString("?"))
                        .append(" to ")
                        .append(change.path("to").asString("?"));
            }
        }
        return text.toString();
    }

    private static double median(List<JsonNode> steps, String key) {
        double[] values = RunLog.series(steps, key)[1].clone();
        Arrays.sort(values);
        return values.length == 0 ? 0 : values[values.length / 2];
    }

    private static void put(LinkedHashMap<String, String> rows, String name, JsonNode value) {
        if (!value.isMissingNode() && !value.isNull()) {
            rows.put(name, Report.text(value));
        }
    }
}
