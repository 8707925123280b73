package org.nanochat4j.train.data;

import java.util.ArrayList;
import java.util.List;

/** Finds documentation comments in Java source, knowing enough of the language not to look inside literals. */
final class JavaComments {

    private final String source;
    private final List<String> comments = new ArrayList<>();
    private int at;

    private JavaComments(String source) {
        this.source = source;
    }

    /** Bodies of all documentation comments in order, without delimiters and leading stars, lines separated by newlines. */
    static List<String> of(String source) {
        var scan = new JavaComments(source);
        scan.run();
        return scan.comments;
    }

    private void run() {
        while (at < source.length()) {
            switch (source.charAt(at)) {
                case '/' -> slash();
                case '"' -> string();
                case '\'' -> literal('\'');
                default -> at++;
            }
        }
    }

    private void slash() {
        if (source.startsWith("/*", at)) {
            int end = source.indexOf("*/", at + 2);
            int stop = end < 0 ? source.length() : end;
            if (source.startsWith("/**", at) && stop > at + 3) {
                comments.add(withoutStars(source.substring(at + 3, stop)));
            }
            at = stop + 2;
        } else if (source.startsWith("//", at)) {
            int end = source.indexOf('\n', at);
            at = end < 0 ? source.length() : end;
        } else {
            at++;
        }
    }

    private void string() {
        if (source.startsWith("\"\"\"", at)) {
            at += 3;
            while (at < source.length() && !source.startsWith("\"\"\"", at)) {
                at += source.charAt(at) == '\\' ? 2 : 1;
            }
            at += 3;
        } else {
            literal('"');
        }
    }

    private void literal(char quote) {
        at++;
        while (at < source.length() && source.charAt(at) != quote && source.charAt(at) != '\n') {
            at += source.charAt(at) == '\\' ? 2 : 1;
        }
        at++;
    }

    private static String withoutStars(String body) {
        var text = new StringBuilder(body.length());
        for (String line : body.lines().toList()) {
            int from = 0;
            while (from < line.length() && Character.isWhitespace(line.charAt(from))) {
                from++;
            }
            int stars = from;
            while (stars < line.length() && line.charAt(stars) == '*') {
                stars++;
            }
            text.append(stars > from ? line.substring(stars) : line).append('\n');
        }
        return text.toString();
    }
}
