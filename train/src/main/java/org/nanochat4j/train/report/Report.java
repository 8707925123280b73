package org.nanochat4j.train.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * A report on one or several runs before it has a form: a title, results, pictures, tables and samples.
 *
 * @param title of the report
 * @param notes what the reader should know before comparing
 * @param results what came out, with a column per run, and where there are several, in which facts they differ
 * @param pictures curves, with a line per run where there are several
 * @param sections tables of facts, with a column per run
 * @param samples continuations by the last model of each run that sampled
 */
record Report(
        String title,
        List<String> notes,
        List<Table> results,
        List<Picture> pictures,
        List<Table> sections,
        List<Sample> samples) {

    /** Sections of what somebody chose. */
    private static final Set<String> CHOSEN = Set.of("options", "data", "machine", "identity");

    /** In place of a fact that a run lacks. */
    private static final String NONE = "—";

    /**
     * A name and a value per run in each row.
     *
     * @param title above the table
     * @param runs names above the columns; a single one is left out
     * @param rows the facts
     */
    record Table(String title, List<String> runs, List<Row> rows) {}

    /**
     * One fact of all runs.
     *
     * @param name what it is
     * @param values as text, one per run
     * @param differs whether to point out that the runs differ
     */
    record Row(String name, List<String> values, boolean differs) {}

    /**
     * A continuation.
     *
     * @param run whose model wrote it
     * @param prompt what was given
     * @param text prompt and continuation
     */
    record Sample(String run, String prompt, String text) {}

    /** A report on a run, or on several side by side. */
    static Report of(List<RunLog> runs) {
        List<String> names = runs.stream().map(RunLog::name).toList();
        var sections = new ArrayList<Table>();
        for (String section : sections(runs)) {
            List<LinkedHashMap<String, String>> facts =
                    runs.stream().map(run -> section(run, section)).toList();
            sections.add(table(section.replace('_', ' '), names, facts, true));
        }
        var results = new ArrayList<Table>();
        results.add(table("Summary", names, runs.stream().map(RunSummary::of).toList(), false));
        if (runs.size() > 1) {
            results.add(differences(names, sections));
        }
        return new Report(
                (runs.size() == 1 ? "Training run " : "Training runs ") + String.join(", ", names),
                notes(runs),
                results,
                Curves.of(runs),
                sections,
                runs.stream().flatMap(Report::samples).toList());
    }

    private static List<String> sections(List<RunLog> runs) {
        var sections = new LinkedHashSet<String>();
        for (RunLog run : runs) {
            run.facts().properties().stream()
                    .filter(field -> field.getValue().isObject())
                    .forEach(field -> sections.add(field.getKey()));
        }
        return List.copyOf(sections);
    }

    /** Rows in the order in which the first run that has them names them. */
    private static Table table(
            String title, List<String> names, List<LinkedHashMap<String, String>> facts, boolean compare) {
        var keys = new LinkedHashSet<String>();
        facts.forEach(run -> keys.addAll(run.keySet()));
        var rows = new ArrayList<Row>();
        for (String key : keys) {
            List<String> values =
                    facts.stream().map(run -> run.getOrDefault(key, NONE)).toList();
            boolean differs = compare && values.stream().distinct().count() > 1;
            rows.add(new Row(key, values, differs));
        }
        return new Table(title, names, rows);
    }

    /** What was chosen comes before what follows from it. */
    private static Table differences(List<String> names, List<Table> sections) {
        var rows = new ArrayList<Row>();
        var causesFirst = new ArrayList<>(sections);
        causesFirst.sort(Comparator.comparing(section -> !CHOSEN.contains(section.title())));
        for (Table section : causesFirst) {
            for (Row row : section.rows()) {
                if (row.differs()) {
                    rows.add(new Row(section.title() + ": " + row.name(), row.values(), false));
                }
            }
        }
        return new Table("Differences", names, rows);
    }

    private static List<String> notes(List<RunLog> runs) {
        var notes = new ArrayList<String>();
        if (differ(runs, "data", "tokenizer_fingerprint") || differ(runs, "model", "vocab_size")) {
            notes.add("The runs have different tokenizers: losses are nats per token and cannot be compared,"
                    + " bits per byte can.");
        }
        if (differ(runs, "data", "folder")) {
            notes.add("The runs read different data, so bits per byte are of different validation texts.");
        }
        if (differ(runs, "machine", "peak_source")) {
            notes.add("MFU is relative to peaks of different kinds; see the peak in the summary.");
        }
        if (Curves.byTokens(runs)) {
            notes.add("The runs take different numbers of tokens per step; the curves are drawn over tokens.");
        }
        return notes;
    }

    private static boolean differ(List<RunLog> runs, String section, String key) {
        return runs.stream()
                        .map(run -> run.facts().path(section).path(key))
                        .filter(value -> !value.isMissingNode())
                        .map(Objects::toString)
                        .distinct()
                        .count()
                > 1;
    }

    private static Stream<Sample> samples(RunLog run) {
        if (run.samples().isEmpty()) {
            return Stream.of();
        }
        int last = run.samples().getLast().path("step").asInt();
        return run.samples().stream()
                .filter(sample -> sample.path("step").asInt() == last)
                .map(sample -> new Sample(
                        run.name(),
                        sample.path("prompt").asString(""),
                        sample.path("text").asString("")));
    }

    private static LinkedHashMap<String, String> section(RunLog run, String name) {
        var facts = new LinkedHashMap<String, String>();
        flatten("", run.facts().path(name), name.equals("memory"), facts);
        return facts;
    }

    private static void flatten(String prefix, JsonNode node, boolean bytes, LinkedHashMap<String, String> facts) {
        for (var field : node.properties()) {
            String name = prefix + field.getKey().replace('_', ' ');
            if (field.getValue().isObject()) {
                flatten(name + ", ", field.getValue(), bytes, facts);
            } else {
                facts.put(name, bytes ? mebibytes(field.getValue()) : text(field.getValue()));
            }
        }
    }

    static String mebibytes(JsonNode value) {
        return value.isNumber() ? String.format(Locale.ROOT, "%,.1f MiB", value.asDouble() / (1 << 20)) : text(value);
    }

    static String text(JsonNode value) {
        if (value.isIntegralNumber()) {
            return String.format(Locale.ROOT, "%,d", value.asLong());
        }
        if (value.isFloat() || value.isDouble()) {
            double number = value.asDouble();
            return Math.abs(number) >= 1e9
                    ? String.format(Locale.ROOT, "%.4g", number)
                    : trimmed(String.format(Locale.ROOT, "%.6f", number));
        }
        if (value.isNull() || value.isMissingNode()) {
            return NONE;
        }
        return value.isString() ? value.asString() : value.toString();
    }

    private static String trimmed(String number) {
        return number.replaceFirst("\\.?0+$", "");
    }
}
