package org.nanochat4j.train.data;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Turns the mark-up of documentation comments, HTML and inline tags, into plain text. */
final class JavadocMarkup {

    private static final Set<String> BLOCKS = Set.of(
            "p",
            "div",
            "section",
            "center",
            "blockquote",
            "dl",
            "ul",
            "ol",
            "table",
            "thead",
            "tbody",
            "tfoot",
            "caption",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "form",
            "fieldset",
            "article",
            "aside",
            "header",
            "footer",
            "nav",
            "figure",
            "figcaption",
            "details",
            "summary",
            "dir",
            "menu",
            "body",
            "html",
            "head",
            "title",
            "legend");

    private static final Set<String> LINES = Set.of("br", "tr", "dt", "dd");

    private static final Set<String> INLINE = Set.of(
            "a",
            "b",
            "i",
            "em",
            "code",
            "tt",
            "strong",
            "span",
            "var",
            "kbd",
            "cite",
            "u",
            "font",
            "small",
            "big",
            "dfn",
            "abbr",
            "samp",
            "s",
            "strike",
            "del",
            "ins",
            "col",
            "colgroup",
            "nobr",
            "img",
            "object",
            "applet",
            "param",
            "input",
            "label",
            "button",
            "area",
            "map",
            "acronym",
            "mark",
            "link",
            "meta",
            "wbr",
            "bdo");

    private static final Pattern SNIPPET_MARKUP =
            Pattern.compile("(?m)\\s*//\\s*@(highlight|link|replace|start|end).*$");

    private final String markup;
    private final Prose out;
    private int at;

    private JavadocMarkup(String markup, Prose out) {
        this.markup = markup;
        this.out = out;
    }

    /** Plain text of a piece of a comment. */
    static String plain(String markup) {
        var out = new Prose();
        new JavadocMarkup(markup, out).run();
        return out.finished();
    }

    /** Index just after the brace that closes the one at {@code open}; the length of the text if none does. */
    static int closing(String text, int open) {
        int depth = 0;
        for (int i = open; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '{') {
                depth++;
            } else if (c == '}' && --depth == 0) {
                return i + 1;
            }
        }
        return text.length();
    }

    private void run() {
        var decoded = new StringBuilder();
        while (at < markup.length()) {
            char c = markup.charAt(at);
            if (c == '{' && markup.startsWith("{@", at)) {
                inlineTag();
            } else if (c == '<' && tag()) {
                continue;
            } else if (c == '&') {
                decoded.setLength(0);
                int read = HtmlEntities.decode(markup, at, decoded);
                out.text(read > 0 ? decoded : "&");
                at += Math.max(read, 1);
            } else if (c == '\n' && !out.inPreformatted() && markup.startsWith("\n\n", at)) {
                // writers without HTML leave a blank line between paragraphs
                out.paragraph();
                at++;
            } else {
                out.character(c);
                at++;
            }
        }
    }

    private void inlineTag() {
        int end = closing(markup, at);
        String body = markup.substring(at + 2, markup.charAt(end - 1) == '}' ? end - 1 : end);
        at = end;
        int space = 0;
        while (space < body.length() && Character.isLetter(body.charAt(space))) {
            space++;
        }
        String content = body.substring(space);
        String trimmed = content.strip();
        switch (body.substring(0, space).toLowerCase(Locale.ROOT)) {
            case "code", "literal" -> out.text(out.inPreformatted() ? content : trimmed);
            case "link", "linkplain" -> link(trimmed);
            case "return" -> nested("Returns " + trimmed + (trimmed.endsWith(".") ? "" : "."));
            case "value" -> out.text(reference(trimmed));
            case "index" -> out.text(indexed(trimmed));
            case "extlink", "jls", "jvms" -> nested(afterFirstWord(trimmed));
            case "snippet" -> snippet(content);
            case "inheritdoc", "docroot" -> {
                // what it stands for is elsewhere
            }
            default -> nested(trimmed);
        }
    }

    private void nested(String text) {
        new JavadocMarkup(text, out).run();
    }

    private void link(String content) {
        int end = 0;
        int depth = 0;
        while (end < content.length() && (depth > 0 || !Character.isWhitespace(content.charAt(end)))) {
            char c = content.charAt(end);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            end++;
        }
        String label = content.substring(end).strip();
        if (label.isEmpty()) {
            out.text(reference(content));
        } else {
            nested(label);
        }
    }

    /** {@code #member} as "member", {@code Type#member} as "Type.member", without packages and module. */
    private static String reference(String reference) {
        return reference
                .replaceAll("^[a-z.]+/", "")
                .replaceAll("\\b(?:[a-z][a-z0-9]*\\.)+(?=[A-Z])", "")
                .replaceAll("##.*$", "")
                .replaceAll("^#", "")
                .replace('#', '.');
    }

    private static String indexed(String content) {
        if (content.startsWith("\"") && content.indexOf('"', 1) > 0) {
            return content.substring(1, content.indexOf('"', 1));
        }
        int space = content.indexOf(' ');
        return space < 0 ? content : content.substring(0, space);
    }

    private static String afterFirstWord(String content) {
        int space = content.indexOf(' ');
        return space < 0 ? content : content.substring(space + 1);
    }

    private void snippet(String content) {
        int colon = content.indexOf(':');
        if (colon >= 0) {
            out.beginPreformatted();
            out.text(SNIPPET_MARKUP.matcher(content.substring(colon + 1)).replaceAll(""));
            out.endPreformatted();
        }
    }

    /** Reads an HTML tag at the current place; false if the "&lt;" there is only a character. */
    private boolean tag() {
        if (markup.startsWith("<!--", at)) {
            int end = markup.indexOf("-->", at);
            at = end < 0 ? markup.length() : end + 3;
            return true;
        }
        int from = at + 1;
        boolean closes = from < markup.length() && markup.charAt(from) == '/';
        int nameFrom = closes ? from + 1 : from;
        int nameTo = nameFrom;
        while (nameTo < markup.length() && Character.isLetterOrDigit(markup.charAt(nameTo))) {
            nameTo++;
        }
        int end = markup.indexOf('>', nameTo);
        if (nameTo == nameFrom || end < 0) {
            return false;
        }
        String name = markup.substring(nameFrom, nameTo).toLowerCase(Locale.ROOT);
        if (!element(name, closes)) {
            return false;
        }
        at = name.equals("style") || name.equals("script") ? afterElement(name, end) : end + 1;
        return true;
    }

    private int afterElement(String name, int end) {
        int close = markup.indexOf("</" + name, end);
        int stop = close < 0 ? -1 : markup.indexOf('>', close);
        return stop < 0 ? end + 1 : stop + 1;
    }

    /** Acts on an element; false if HTML has none of this name. */
    private boolean element(String name, boolean closes) {
        if (BLOCKS.contains(name)) {
            out.paragraph();
        } else if (LINES.contains(name)) {
            out.line("");
        } else if (!INLINE.contains(name)) {
            return special(name, closes);
        }
        return true;
    }

    private boolean special(String name, boolean closes) {
        switch (name) {
            case "li" -> out.line(closes ? "" : "- ");
            case "td", "th" -> {
                if (!closes) {
                    out.cell();
                }
            }
            case "pre", "xmp", "listing" -> {
                if (closes) {
                    out.endPreformatted();
                } else {
                    out.beginPreformatted();
                }
            }
            case "sup" -> out.text(closes ? "" : "^");
            case "sub" -> out.text(closes ? "" : "_");
            case "q" -> out.text("\"");
            case "style", "script" -> {
                // the caller skips their content
            }
            default -> {
                return false;
            }
        }
        return true;
    }
}
