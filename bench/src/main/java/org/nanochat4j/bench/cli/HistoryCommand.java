package org.nanochat4j.bench.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.bench.Drawing;
import org.nanochat4j.bench.History;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.bench.Table;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.UserError;
import org.nanochat4j.train.cli.Verb;
import org.nanochat4j.train.report.Picture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nanochat bench history}. */
@Command(name = "history", description = "Print the measurements of the past, and draw how each figure went.")
final class HistoryCommand extends Verb {

    private static final int COMMIT_DIGITS = 9;

    @Mixin
    private HistoryArguments history = new HistoryArguments();

    @Option(names = "--group", paramLabel = "NAME", description = "Only this group, such as train. Default: all.")
    private @Nullable String group;

    @Option(names = "--last", paramLabel = "N", description = "Only the last N measurements. Default: all.")
    private int last = Integer.MAX_VALUE;

    @Option(
            names = "--draw",
            paramLabel = "DIR",
            description = "Folder of the pictures, a PNG file for each figure. Default: charts beside the history.")
    private @Nullable Path folder;

    @Option(names = "--no-draw", description = "Print only.")
    private boolean noDraw;

    HistoryCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() throws IOException {
        BenchVerb.atLeast("--last", last, 1);
        History kept = history.open(baseDir());
        if (!Files.exists(kept.file())) {
            throw UserError.failure(
                    "no history in " + kept.file(), "measure something first, for example nanochat bench train");
        }
        List<History.Entry> all = kept.read().stream()
                .filter(entry -> group == null || entry.group().equals(group))
                .toList();
        List<History.Entry> entries = all.subList(Math.max(0, all.size() - last), all.size());
        if (entries.isEmpty()) {
            throw UserError.failure(
                    "no measurement of " + (group == null ? "anything" : group) + " in " + kept.file(),
                    "see which groups there are without --group");
        }
        entries.forEach(entry -> say(line(entry)));
        result(Measurement.JSON.valueToTree(entries));
        if (!noDraw) {
            Path pictures = folder == null ? kept.file().resolveSibling("charts") : folder;
            for (Picture picture : Drawing.history(entries)) {
                draw(picture, pictures.resolve(picture.file() + ".png"), "--no-draw");
            }
            say("drawn into " + pictures);
        }
    }

    private static String line(History.Entry entry) {
        String commit = entry.commit();
        String figures = entry.headline().entrySet().stream()
                .map(figure -> Table.number(figure.getValue()) + " " + figure.getKey())
                .collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "%s  %-10s  %-9s  %s (%s)",
                entry.date(),
                commit.substring(0, Math.min(COMMIT_DIGITS, commit.length())) + (commit.contains("+") ? "+" : ""),
                entry.group(),
                figures,
                entry.label());
    }

    /** Draws, or says what is missing. */
    static void draw(Picture picture, Path file, String without) throws IOException {
        if (!Drawing.write(picture, file)) {
            throw UserError.failure(
                    "this machine has no fonts to draw " + file + " with",
                    "install fontconfig and a font (on Debian: apt install fontconfig fonts-dejavu-core), or give "
                            + without);
        }
    }
}
