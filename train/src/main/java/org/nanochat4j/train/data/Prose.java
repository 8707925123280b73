package org.nanochat4j.train.data;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Plain text in the making: paragraphs of collapsed white space, list items, and preformatted blocks indented by four. */
final class Prose {

    private static final int LONGEST_BLOCK = 40;

    /** List marks without an item, blanks and cell marks at the end of a line. */
    private static final Pattern LINE_ENDS = Pattern.compile("(?m)^(?:- *)+$|[ |]+$");

    private static final Pattern EMPTY_LINES = Pattern.compile("\n{2,}");

    /** A blank before punctuation, as removed mark-up leaves it. */
    private static final Pattern LOOSE_POINT = Pattern.compile(" ([,.;:)])(?=\\s|$)");

    private final List<String> paragraphs = new ArrayList<>();
    private final StringBuilder paragraph = new StringBuilder();
    private boolean preformatted;

    /** Appends running text; white space of any kind becomes one blank, except in a preformatted block. */
    void text(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            character(text.charAt(i));
        }
    }

    void character(char c) {
        if (preformatted) {
            paragraph.append(c);
        } else if (!Character.isWhitespace(c) && c != '\u00a0') {
            paragraph.append(c);
        } else if (!atLineStart() && last() != ' ') {
            paragraph.append(' ');
        }
    }

    /** Begins a new line within the paragraph, with a mark such as {@code "- "} or none. */
    void line(String mark) {
        if (preformatted) {
            paragraph.append('\n');
            return;
        }
        trimEnd();
        if (!paragraph.isEmpty() && last() != '\n') {
            paragraph.append('\n');
        }
        paragraph.append(mark);
    }

    /** Separates two cells of a table row. */
    void cell() {
        if (!preformatted && !atLineStart()) {
            trimEnd();
            paragraph.append(" | ");
        }
    }

    /** Ends the paragraph. */
    void paragraph() {
        if (!preformatted) {
            finish();
        }
    }

    void beginPreformatted() {
        finish();
        preformatted = true;
    }

    void endPreformatted() {
        if (preformatted) {
            preformatted = false;
            block();
        }
    }

    boolean inPreformatted() {
        return preformatted;
    }

    /** The paragraphs, separated by blank lines; empty if nothing readable was written. */
    String finished() {
        endPreformatted();
        finish();
        return String.join("\n\n", paragraphs);
    }

    private void finish() {
        if (paragraph.isEmpty()) {
            return;
        }
        String text = paragraph.toString().strip();
        paragraph.setLength(0);
        if (text.indexOf('\n') >= 0) {
            text = EMPTY_LINES
                    .matcher(LINE_ENDS.matcher(text).replaceAll(""))
                    .replaceAll("\n")
                    .strip();
        }
        text = LOOSE_POINT.matcher(text).replaceAll("$1");
        if (readable(text, 0.5)) {
            paragraphs.add(text);
        }
    }

    private void block() {
        List<String> lines = paragraph
                .toString()
                .replace("\t", "    ")
                .lines()
                .map(String::stripTrailing)
                .toList();
        paragraph.setLength(0);
        int from = 0;
        int to = lines.size();
        while (from < to && lines.get(from).isEmpty()) {
            from++;
        }
        while (to > from && lines.get(to - 1).isEmpty()) {
            to--;
        }
        List<String> kept = lines.subList(from, to);
        int indent = kept.stream()
                .filter(line -> !line.isEmpty())
                .mapToInt(Prose::indent)
                .min()
                .orElse(0);
        String text = String.join(
                "\n",
                kept.stream()
                        .map(line -> line.isEmpty() ? line : "    " + line.substring(indent))
                        .toList());
        if (kept.size() <= LONGEST_BLOCK && readable(text, 0.45)) {
            paragraphs.add(text);
        }
    }

    /** Whether enough of the text is letters: diagrams, tables of numbers and rules of dashes are not language. */
    private static boolean readable(String text, double share) {
        long letters = text.chars().filter(Character::isLetter).count();
        long visible = text.chars().filter(c -> !Character.isWhitespace(c)).count();
        return letters > 0 && letters >= share * visible;
    }

    private static int indent(String line) {
        int n = 0;
        while (n < line.length() && line.charAt(n) == ' ') {
            n++;
        }
        return n;
    }

    private boolean atLineStart() {
        return paragraph.isEmpty() || last() == '\n';
    }

    private char last() {
        return paragraph.charAt(paragraph.length() - 1);
    }

    private void trimEnd() {
        while (!paragraph.isEmpty() && last() == ' ') {
            paragraph.setLength(paragraph.length() - 1);
        }
    }
}
