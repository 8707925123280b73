package org.nanochat4j.train.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Sections of facts as lines of text. */
final class FactsTable {

    private FactsTable() {}

    /** A heading for each section, below it a name and a value per line, or a table where a section is a list of rows. */
    static List<String> lines(Map<String, Object> facts) {
        var lines = new ArrayList<String>();
        facts.forEach((section, content) -> {
            lines.add(words(section));
            switch (content) {
                case Map<?, ?> map ->
                    map.forEach((name, value) -> lines.add(String.format(
                            Locale.ROOT,
                            "  %-34s %20s",
                            words(String.valueOf(name)),
                            value(section.equals("memory"), value))));
                case List<?> rows -> table(rows, lines);
                default -> lines.add("  " + value(false, content));
            }
            lines.add("");
        });
        return lines;
    }

    private static void table(List<?> rows, List<String> lines) {
        for (int i = 0; i < rows.size(); i++) {
            if (rows.get(i) instanceof Map<?, ?> row) {
                if (i == 0) {
                    lines.add(joined(row.keySet().stream().map(key -> words(String.valueOf(key)))));
                }
                lines.add(joined(row.values().stream().map(cell -> value(false, cell))));
            }
        }
    }

    private static String joined(java.util.stream.Stream<String> cells) {
        var line = new StringBuilder(" ");
        cells.forEach(cell -> line.append(String.format(Locale.ROOT, " %18s", cell)));
        return line.toString();
    }

    private static String words(String name) {
        return name.replace('_', ' ');
    }

    private static String value(boolean bytes, Object value) {
        return switch (value) {
            case Long number when bytes -> String.format(Locale.ROOT, "%,.1f MiB", number / 1048576.0);
            case Integer number -> String.format(Locale.ROOT, "%,d", number);
            case Long number -> String.format(Locale.ROOT, "%,d", number);
            case Double number when Math.abs(number) >= 1e9 -> String.format(Locale.ROOT, "%.4g", number);
            case Double number when Math.abs(number) >= 100 -> String.format(Locale.ROOT, "%,.1f", number);
            case Double number -> String.format(Locale.ROOT, "%.6f", number);
            default -> value.toString();
        };
    }
}
