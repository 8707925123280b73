package org.nanochat4j.train.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One documentation comment as readable English: the description, then what its block tags say, as sentences. */
final class JavadocText {

    /** Phrases of licences, in small letters. */
    private static final List<String> LEGAL = List.of(
            "copyright (c)",
            "copyright &copy;",
            "licensed to the apache",
            "licensed under the",
            "general public license",
            "all rights reserved",
            "redistribution and use",
            "proprietary/confidential");

    private static final Pattern BLOCK_TAG = Pattern.compile("^\\s*@([A-Za-z.]+)\\s?(.*)$");

    /** First words that begin a sentence in capitals but continue one in small letters. */
    private static final Set<String> SOFT = Set.of(
            "A", "An", "The", "This", "If", "When", "Whether", "True", "False", "Thrown", "On", "In", "For", "One",
            "Any", "All", "Some", "Its", "Each", "Always", "Current", "New", "Number", "Name", "Index", "Value",
            "Array", "List");

    /** Message bundles compiled to Java carry their entries as comments. */
    private static final Pattern MESSAGE_KEY = Pattern.compile("\\s*[a-z0-9]+(\\.[a-z0-9]+)+=");

    private static final int FEWEST_WORDS = 4;

    private JavadocText() {}

    /** Readable text of a comment body; empty if it holds none, or is a licence. */
    static String of(String comment) {
        if (isLegal(comment) || MESSAGE_KEY.matcher(comment).lookingAt()) {
            return "";
        }
        List<String> sections = sections(decodeUnicodeEscapes(comment).replace("NEEDSDOC", ""));
        var paragraphs = new ArrayList<String>();
        var sentences = new ArrayList<String>();
        add(paragraphs, JavadocMarkup.plain(sections.getFirst()));
        for (String section : sections.subList(1, sections.size())) {
            var tag = BLOCK_TAG.matcher(section.substring(0, section.indexOf('\n')));
            if (tag.find()) {
                String name = tag.group(1);
                String body =
                        section.substring(section.indexOf(name) + name.length()).strip();
                switch (name) {
                    case "param" -> add(sentences, parameter(body));
                    case "return", "returns" -> add(sentences, returns(JavadocMarkup.plain(body)));
                    case "throws", "exception" -> add(sentences, exception(body));
                    case "deprecated" -> add(paragraphs, led("Deprecated.", JavadocMarkup.plain(body)));
                    case "implSpec", "implNote" ->
                        add(paragraphs, led("Implementation note:", JavadocMarkup.plain(body)));
                    case "apiNote" -> add(paragraphs, led("Note:", JavadocMarkup.plain(body)));
                    default -> {
                        // authors, versions, references: no text
                    }
                }
            }
        }
        add(paragraphs, String.join("\n", sentences));
        String text = String.join("\n\n", paragraphs);
        return hasWords(text) ? text : "";
    }

    private static boolean hasWords(String text) {
        long gaps = text.chars()
                .filter(Character::isWhitespace)
                .limit(FEWEST_WORDS - 1L)
                .count();
        return gaps == FEWEST_WORDS - 1;
    }

    private static boolean isLegal(String comment) {
        String small = comment.toLowerCase(Locale.ROOT);
        return LEGAL.stream().anyMatch(small::contains);
    }

    /** The description, then one entry per block tag; tags inside braces or preformatted text do not count. */
    private static List<String> sections(String comment) {
        var sections = new ArrayList<String>();
        var section = new StringBuilder();
        int depth = 0;
        for (String line : comment.lines().toList()) {
            if (depth == 0 && line.indexOf('@') >= 0 && BLOCK_TAG.matcher(line).find()) {
                sections.add(section.toString());
                section.setLength(0);
            }
            section.append(line).append('\n');
            depth = braceDepth(line, depth);
        }
        sections.add(section.toString());
        return sections;
    }

    /** Open braces after the line, counted from the first that begins an inline tag. */
    private static int braceDepth(String line, int before) {
        int depth = before;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '{' && (depth > 0 || line.startsWith("{@", i))) {
                depth++;
            } else if (c == '}' && depth > 0) {
                depth--;
            }
        }
        return depth;
    }

    private static String parameter(String body) {
        String[] parts = body.split("\\s+", 2);
        String text = parts.length < 2 ? "" : JavadocMarkup.plain(parts[1]);
        text = text.replaceFirst("^[-:]\\s+", "");
        if (text.isEmpty() || parts[0].startsWith("{")) {
            return "";
        }
        String name = parts[0];
        return name.startsWith("<")
                ? "Type parameter " + name.replaceAll("[<>]", "") + ": " + sentence(text)
                : "Parameter " + name + ": " + sentence(text);
    }

    private static String returns(String text) {
        if (text.isEmpty()) {
            return "";
        }
        return text.startsWith("Return") || text.startsWith("return")
                ? sentence("R" + text.substring(1))
                : "Returns " + sentence(softened(text));
    }

    private static String exception(String body) {
        String[] parts = body.split("\\s+", 2);
        String text =
                parts.length < 2 ? "" : softened(JavadocMarkup.plain(parts[1])).replaceFirst("^[-:]\\s+", "");
        if (text.isEmpty()) {
            return "";
        }
        String name = JavadocMarkup.plain(parts[0].substring(parts[0].lastIndexOf('.') + 1));
        boolean continues = Character.isLowerCase(text.charAt(0));
        return "Throws " + name + (continues ? " " : ": ") + sentence(text.replaceFirst("^thrown ", ""));
    }

    private static String led(String lead, String text) {
        return text.isEmpty() ? "" : lead + " " + text;
    }

    /** The text with a small initial where its first word is an article or the like. */
    private static String softened(String text) {
        String first = text.split("[^A-Za-z]", 2)[0];
        return SOFT.contains(first) ? Character.toLowerCase(text.charAt(0)) + text.substring(1) : text;
    }

    private static String sentence(String text) {
        return text.isEmpty() || ".!?:;".indexOf(text.charAt(text.length() - 1)) >= 0 ? text : text + ".";
    }

    private static void add(List<String> parts, String part) {
        if (!part.isBlank()) {
            parts.add(part);
        }
    }

    /** Unicode escapes of Java source; those of control characters and surrogates stay as they are written. */
    private static String decodeUnicodeEscapes(String text) {
        int escape = text.indexOf("\\u");
        if (escape < 0) {
            return text;
        }
        return Pattern.compile("\\\\u+([0-9a-fA-F]{4})").matcher(text).replaceAll(match -> {
            char c = (char) Integer.parseInt(match.group(1), 16);
            boolean readable = Character.isLetterOrDigit(c) || "*/@{}<>&\"'-\u00a7".indexOf(c) >= 0;
            return Matcher.quoteReplacement(readable ? String.valueOf(c) : match.group());
        });
    }
}
