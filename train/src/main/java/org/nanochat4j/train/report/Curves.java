package org.nanochat4j.train.report;

import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The pictures of a report: everything of one run, or the same curve of several runs in one picture. */
final class Curves {

    private static final Color FAINT = new Color(0xB8C4D6);
    private static final Color STRONG = new Color(0x1F4E9E);
    private static final Color WARM = new Color(0xC2571A);

    /** For runs side by side; told apart also by those who see fewer colours. Source: Okabe and Ito 2008, darkened. */
    private static final List<Color> PALETTE =
            List.of(STRONG, WARM, new Color(0x00805C), new Color(0xA8437E), new Color(0x3E8DBB), new Color(0xA98600));

    private static final float WIDTH = 2.2f;
    private static final String NORM = "grad_norm/";
    private static final double MEBIBYTE = 1 << 20;

    private Curves() {}

    static List<Picture> of(List<RunLog> runs) {
        List<Picture> pictures = new ArrayList<>(runs.size() == 1 ? single(runs.getFirst()) : several(runs));
        pictures.removeIf(Picture::isEmpty);
        return pictures;
    }

    private static List<Picture> single(RunLog run) {
        List<JsonNode> steps = run.steps();
        return List.of(
                new Picture(
                        "loss",
                        "Training loss",
                        "step",
                        "nats per token",
                        List.of(
                                new Picture.Line("each step", RunLog.series(steps, "train/loss"), FAINT, 1.2f),
                                new Picture.Line(
                                        "smoothed", RunLog.series(steps, "train/smooth_loss"), STRONG, WIDTH))),
                picture("bpb", "Validation", "bits per byte", RunLog.series(run.validations(), "val/bpb"), WARM),
                picture(
                        "learning-rate",
                        "Learning-rate schedule",
                        "multiplier",
                        RunLog.series(steps, "train/lrm"),
                        STRONG),
                picture("speed", "Speed", "tokens per second", RunLog.series(steps, "train/tok_per_sec"), STRONG),
                new Picture(
                        "gradient-norm", "Gradient norm by parameter group", "step", "Euclidean norm", norms(steps)),
                new Picture("memory", "Memory", "step", "MiB", memory(run)));
    }

    private static Picture picture(String file, String title, String unit, double[][] points, Color color) {
        return new Picture(file, title, "step", unit, List.of(new Picture.Line(title, points, color, WIDTH)));
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

    private static List<Picture.Line> memory(RunLog run) {
        return List.of(
                mebibytes(run, "planned", "memory/planned", FAINT),
                mebibytes(run, "allocated for tensors", "memory/tensors", STRONG),
                mebibytes(run, "Java heap", "memory/heap", PALETTE.get(2)),
                mebibytes(run, "process, resident", "memory/resident", WARM));
    }

    private static Picture.Line mebibytes(RunLog run, String name, String key, Color color) {
        double[][] points = RunLog.series(run.memory(), key);
        for (int i = 0; i < points[1].length; i++) {
            points[1][i] /= MEBIBYTE;
        }
        return new Picture.Line(name, points, color, WIDTH);
    }

    /** Whether steps of the runs are of different sizes, so that tokens are what can be compared. */
    static boolean byTokens(List<RunLog> runs) {
        return runs.stream().mapToLong(RunLog::tokensPerStep).distinct().count() > 1;
    }

    private static List<Picture> several(List<RunLog> runs) {
        boolean tokens = byTokens(runs);
        return List.of(
                compare("loss", "Training loss, smoothed", "nats per token", runs, tokens, "train/smooth_loss"),
                compare("bpb", "Validation", "bits per byte", runs, tokens, "val/bpb"),
                new Picture("bpb-by-time", "Validation over time", "minutes of training", "bits per byte", timed(runs)),
                compare("learning-rate", "Learning-rate schedule", "multiplier", runs, tokens, "train/lrm"),
                compare("speed", "Speed", "tokens per second", runs, tokens, "train/tok_per_sec"),
                compare("gradient-norm", "Gradient norm", "Euclidean norm", runs, tokens, "train/grad_norm"));
    }

    private static Picture compare(
            String file, String title, String unit, List<RunLog> runs, boolean tokens, String key) {
        var lines = new ArrayList<Picture.Line>();
        for (RunLog run : runs) {
            double[][] points = RunLog.series(key.startsWith("val/") ? run.validations() : run.steps(), key);
            for (int i = 0; tokens && i < points[0].length; i++) {
                points[0][i] *= run.tokensPerStep() / 1e6;
            }
            lines.add(new Picture.Line(run.name(), points, color(lines.size()), WIDTH));
        }
        return new Picture(file, title, tokens ? "million tokens" : "step", unit, lines);
    }

    /** Bits per byte over the time that the steps before took. */
    private static List<Picture.Line> timed(List<RunLog> runs) {
        var lines = new ArrayList<Picture.Line>();
        for (RunLog run : runs) {
            double[][] points = RunLog.series(run.validations(), "val/bpb");
            double[][] seconds = RunLog.series(run.steps(), "train/dt");
            for (int i = 0; i < points[0].length; i++) {
                double sum = 0;
                for (int j = 0; j < seconds[0].length && seconds[0][j] < points[0][i]; j++) {
                    sum += seconds[1][j];
                }
                points[0][i] = sum / 60;
            }
            lines.add(new Picture.Line(run.name(), points, color(lines.size()), WIDTH));
        }
        return lines;
    }

    private static Color color(int run) {
        return run < PALETTE.size() ? PALETTE.get(run) : Color.getHSBColor(run * 0.381966f, 0.75f, 0.65f);
    }
}
