package org.nanochat4j.train.report;

import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * A report before it has a form: a title, a summary, pictures, tables and samples.
 *
 * @param title of the report
 * @param summary a few facts in the order of their importance
 * @param pictures curves over the steps
 * @param sections tables of facts
 * @param samples continuations by the last model that sampled
 */
record Report(String title, Table summary, List<Picture> pictures, List<Table> sections, List<Sample> samples) {

    private static final Color FAINT = new Color(0xB8C4D6);
    private static final Color STRONG = new Color(0x1F4E9E);
    private static final String NORM = "grad_norm/";
    private static final Color WARM = new Color(0xC2571A);

    /**
     * Two columns.
     *
     * @param title above the table
     * @param rows name and value
     */
    record Table(String title, List<Row> rows) {}

    /**
     * One fact.
     *
     * @param name what it is
     * @param value as text
     */
    record Row(String name, String value) {}

    /**
     * A continuation.
     *
     * @param prompt what was given
     * @param text prompt and continuation
     */
    record Sample(String prompt, String text) {}

    static Report of(RunLog run) {
        var sections = new ArrayList<Table>();
        for (var section : run.facts().properties()) {
            if (section.getValue().isObject()) {
                var rows = new ArrayList<Row>();
                flatten("", section.getValue(), section.getKey().equals("memory"), rows);
                sections.add(new Table(section.getKey().replace('_', ' '), rows));
            }
        }
        return new Report("Training run " + run.name(), summary(run), pictures(run), sections, samples(run));
    }

    private static Table summary(RunLog run) {
        var rows = new ArrayList<Row>();
        List<JsonNode> bpb = run.validations();
        JsonNode facts = run.facts();
        add(rows, "parameters", facts.path("parameters").path("total"));
        add(rows, "tokens per step", facts.path("derivation").path("total_batch_size"));
        rows.add(new Row(
                "steps",
                run.steps().size() + " of "
                        + facts.path("derivation").path("num_iterations").asString("?")
                        + (run.end().isMissingNode() ? " (the run did not end)" : "")));
        if (!bpb.isEmpty()) {
            rows.add(new Row("first validation bpb", text(bpb.getFirst().path("val/bpb"))));
            rows.add(new Row("last validation bpb", text(bpb.getLast().path("val/bpb"))));
        }
        if (!run.steps().isEmpty()) {
            rows.add(new Row(
                    "last loss (smoothed), nats", text(run.steps().getLast().path("train/smooth_loss"))));
            double seconds = run.steps().stream()
                    .mapToDouble(step -> step.path("train/dt").asDouble())
                    .sum();
            rows.add(new Row("training time", String.format(Locale.ROOT, "%.1f minutes", seconds / 60)));
            rows.add(new Row("speed, median", String.format(Locale.ROOT, "%,.0f tokens/s", medianRate(run))));
        }
        add(rows, "waited for data, seconds", run.end().path("data_wait_seconds"));
        add(rows, "waited for data, share of the steps' time", run.end().path("data_wait_share"));
        return new Table("Summary", rows);
    }

    private static double medianRate(RunLog run) {
        double[] rates = RunLog.series(run.steps(), "train/tok_per_sec")[1].clone();
        java.util.Arrays.sort(rates);
        return rates.length == 0 ? 0 : rates[rates.length / 2];
    }

    private static List<Picture> pictures(RunLog run) {
        List<JsonNode> steps = run.steps();
        var pictures = new ArrayList<Picture>();
        pictures.add(new Picture(
                "loss",
                "Training loss",
                "nats per token",
                List.of(
                        new Picture.Line("each step", RunLog.series(steps, "train/loss"), FAINT, 1.2f),
                        new Picture.Line("smoothed", RunLog.series(steps, "train/smooth_loss"), STRONG, 2.2f))));
        pictures.add(picture("bpb", "Validation", "bits per byte", RunLog.series(run.validations(), "val/bpb"), WARM));
        pictures.add(picture(
                "learning-rate", "Learning-rate schedule", "multiplier", RunLog.series(steps, "train/lrm"), STRONG));
        pictures.add(picture("speed", "Speed", "tokens per second", RunLog.series(steps, "train/tok_per_sec"), STRONG));
        pictures.add(new Picture("gradient-norm", "Gradient norm by parameter group", "Euclidean norm", norms(steps)));
        pictures.removeIf(Picture::isEmpty);
        return pictures;
    }

    private static List<Picture.Line> norms(List<JsonNode> steps) {
        if (steps.isEmpty()) {
            return List.of();
        }
        List<String> groups = steps.getFirst().propertyNames().stream()
                .filter(key -> key.startsWith(NORM))
                .toList();
        var lines = new ArrayList<Picture.Line>();
        for (String key : groups) {
            // hues evenly round the circle, so that any number of groups can be told apart
            Color color = Color.getHSBColor((float) lines.size() / groups.size(), 0.75f, 0.7f);
            lines.add(new Picture.Line(key.substring(NORM.length()), RunLog.series(steps, key), color, 1.4f));
        }
        return lines;
    }

    private static Picture picture(String file, String title, String unit, double[][] points, Color color) {
        return new Picture(file, title, unit, List.of(new Picture.Line(title, points, color, 2.2f)));
    }

    private static List<Sample> samples(RunLog run) {
        if (run.samples().isEmpty()) {
            return List.of();
        }
        int last = run.samples().getLast().path("step").asInt();
        return run.samples().stream()
                .filter(sample -> sample.path("step").asInt() == last)
                .map(sample -> new Sample(
                        sample.path("prompt").asString(""), sample.path("text").asString("")))
                .toList();
    }

    private static void flatten(String prefix, JsonNode node, boolean bytes, List<Row> rows) {
        for (var field : node.properties()) {
            String name = prefix + field.getKey().replace('_', ' ');
            if (field.getValue().isObject()) {
                flatten(name + ", ", field.getValue(), bytes, rows);
            } else {
                rows.add(new Row(name, bytes ? megabytes(field.getValue()) : text(field.getValue())));
            }
        }
    }

    private static void add(List<Row> rows, String name, JsonNode value) {
        if (!value.isMissingNode() && !value.isNull()) {
            rows.add(new Row(name, text(value)));
        }
    }

    private static String megabytes(JsonNode value) {
        return value.isNumber() ? String.format(Locale.ROOT, "%,.1f MiB", value.asDouble() / (1 << 20)) : text(value);
    }

    private static String text(JsonNode value) {
        if (value.isIntegralNumber()) {
            return String.format(Locale.ROOT, "%,d", value.asLong());
        }
        if (value.isFloat() || value.isDouble()) {
            double number = value.asDouble();
            return Math.abs(number) >= 1e9
                    ? String.format(Locale.ROOT, "%.4g", number)
                    : trimmed(String.format(Locale.ROOT, "%.6f", number));
        }
        if (value.isNull()) {
            return "none";
        }
        return value.isString() ? value.asString() : value.toString();
    }

    private static String trimmed(String number) {
        return number.replaceFirst("\\.?0+$", "");
    }
}
