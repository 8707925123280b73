package org.nanochat4j.bench.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.bench.Drawing;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.bench.Scaling;
import org.nanochat4j.bench.ScalingPoints;
import org.nanochat4j.bench.Setting;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** {@code nanochat bench scaling}. */
@Command(
        name = "scaling",
        description = {
            "Measure how the time of a training step grows with depth and sequence beside the operations on paper, and what threads bring.",
            "Takes long: points are kept as they are measured, and the same command goes on after an interruption or a time limit."
        })
final class ScalingBench extends BenchVerb {

    @Option(
            names = "--depths",
            split = ",",
            paramLabel = "N",
            description = "Layers.",
            showDefaultValue = Visibility.ALWAYS)
    private List<Integer> depths = List.of(2, 4, 6, 8);

    @Option(
            names = "--seq-len",
            split = ",",
            paramLabel = "TOKENS",
            description = "Tokens of a row.",
            showDefaultValue = Visibility.ALWAYS)
    private List<Integer> sequences = List.of(256, 512, 1024, 2048);

    @Option(
            names = "--thread-counts",
            split = ",",
            paramLabel = "N",
            description = "Numbers of threads; takes the place of --threads. Default: 1 and all processors.")
    private List<Integer> counts = List.of();

    @Option(
            names = "--batch-tokens",
            paramLabel = "N",
            description = "Tokens of a step, as one micro-batch.",
            showDefaultValue = Visibility.ALWAYS)
    private int tokens = 4096;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            description = "Tokens of the vocabulary.",
            showDefaultValue = Visibility.ALWAYS)
    private int vocabulary = 32768;

    @Option(
            names = "--head-dim",
            paramLabel = "N",
            description = "Channels of a head.",
            showDefaultValue = Visibility.ALWAYS)
    private int headSize = 64;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Steps that are timed for each point after one that is not; the median counts.",
            showDefaultValue = Visibility.ALWAYS)
    private int steps = 3;

    @Option(
            names = "--time-limit",
            paramLabel = "MINUTES",
            description = "No further point is begun after so long.",
            showDefaultValue = Visibility.ALWAYS)
    private double minutes = 60;

    @Option(
            names = "--points",
            paramLabel = "FILE",
            description = "Where points are kept. Default: bench/scaling.jsonl in the base folder.")
    private @Nullable Path points;

    @Option(
            names = "--plot",
            paramLabel = "FILE",
            description = "Draw the points into this PNG file. Default: scaling.png beside the points.")
    private @Nullable Path plot;

    @Option(names = "--no-plot", description = "Do not draw.")
    private boolean noPlot;

    ScalingBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() throws IOException {
        requireCpu();
        atLeast("--depths", depths, 1);
        atLeast("--seq-len", sequences, 2);
        atLeast("--steps", steps, 1);
        List<Integer> threads =
                counts.isEmpty() ? Stream.of(1, threads()).distinct().toList() : counts;
        atLeast("--thread-counts", threads, 1);
        for (int sequence : sequences) {
            if (tokens < sequence || tokens % sequence != 0) {
                throw UserError.usage(
                        "--batch-tokens " + tokens + " is no multiple of --seq-len " + sequence,
                        "give a multiple of all sequences");
            }
        }
        var kept = new ScalingPoints(file(), Setting.here(List.of()));
        List<Scaling.Point> known = kept.read();
        if (!known.isEmpty()) {
            say(known.size() + " points of this machine and commit are in " + file() + " already");
        }
        return Scaling.measure(
                new Scaling.Settings(depths, sequences, threads, tokens, vocabulary, headSize, steps, 60 * minutes),
                known,
                kept,
                progress());
    }

    @Override
    void after(Measurement measurement) throws IOException {
        if (noPlot
                || !(measurement instanceof Scaling scaling)
                || scaling.points().isEmpty()) {
            return;
        }
        Path picture = plot == null ? file().resolveSibling("scaling.png") : plot;
        HistoryCommand.draw(Drawing.scaling(scaling.points()), picture, "--no-plot");
        say("drawn into " + picture);
    }

    private Path file() {
        return points == null ? baseDir().root().resolve("bench").resolve("scaling.jsonl") : points;
    }
}
