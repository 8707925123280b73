package org.nanochat4j.train.data;

import java.util.Map;

/** Character references of HTML as they occur in documentation comments. */
final class HtmlEntities {

    private static final int LONGEST = 10;

    private static final Map<String, String> NAMED = Map.ofEntries(
            Map.entry("lt", "<"),
            Map.entry("gt", ">"),
            Map.entry("amp", "&"),
            Map.entry("quot", "\""),
            Map.entry("apos", "'"),
            Map.entry("nbsp", " "),
            Map.entry("ensp", " "),
            Map.entry("emsp", " "),
            Map.entry("thinsp", " "),
            Map.entry("copy", "(c)"),
            Map.entry("reg", ""),
            Map.entry("trade", ""),
            Map.entry("mdash", "-"),
            Map.entry("ndash", "-"),
            Map.entry("minus", "-"),
            Map.entry("shy", ""),
            Map.entry("hellip", "..."),
            Map.entry("ldquo", "\""),
            Map.entry("rdquo", "\""),
            Map.entry("lsquo", "'"),
            Map.entry("rsquo", "'"),
            Map.entry("sbquo", "'"),
            Map.entry("bdquo", "\""),
            Map.entry("laquo", "\""),
            Map.entry("raquo", "\""),
            Map.entry("le", "<="),
            Map.entry("ge", ">="),
            Map.entry("ne", "!="),
            Map.entry("equals", "="),
            Map.entry("colon", ":"),
            Map.entry("commat", "@"),
            Map.entry("lowbar", "_"),
            Map.entry("lbrace", "{"),
            Map.entry("rbrace", "}"),
            Map.entry("lbrack", "["),
            Map.entry("rbrack", "]"),
            Map.entry("lpar", "("),
            Map.entry("rpar", ")"),
            Map.entry("ast", "*"),
            Map.entry("sol", "/"),
            Map.entry("bsol", "\\"),
            Map.entry("num", "#"),
            Map.entry("percnt", "%"),
            Map.entry("period", "."),
            Map.entry("comma", ","),
            Map.entry("vert", "|"),
            Map.entry("hat", "^"),
            Map.entry("grave", "`"),
            Map.entry("times", "*"),
            Map.entry("middot", "*"),
            Map.entry("sdot", "*"),
            Map.entry("bull", "-"),
            Map.entry("divide", "/"),
            Map.entry("frasl", "/"),
            Map.entry("plusmn", "+/-"),
            Map.entry("deg", "°"),
            Map.entry("infin", "infinity"),
            Map.entry("pi", "pi"),
            Map.entry("Pi", "Pi"),
            Map.entry("alpha", "alpha"),
            Map.entry("beta", "beta"),
            Map.entry("epsilon", "epsilon"),
            Map.entry("theta", "theta"),
            Map.entry("mu", "mu"),
            Map.entry("micro", "µ"),
            Map.entry("radic", "sqrt"),
            Map.entry("sum", "sum"),
            Map.entry("larr", "<-"),
            Map.entry("rarr", "->"),
            Map.entry("rArr", "=>"),
            Map.entry("harr", "<->"),
            Map.entry("hArr", "<=>"),
            Map.entry("and", "and"),
            Map.entry("or", "or"),
            Map.entry("not", "not"),
            Map.entry("isin", "in"),
            Map.entry("sect", "§"),
            Map.entry("para", "¶"),
            Map.entry("euro", "€"),
            Map.entry("pound", "£"),
            Map.entry("yen", "¥"),
            Map.entry("cent", "¢"),
            Map.entry("lceil", "ceil("),
            Map.entry("rceil", ")"),
            Map.entry("lfloor", "floor("),
            Map.entry("rfloor", ")"),
            Map.entry("prime", "'"),
            Map.entry("sup2", "^2"),
            Map.entry("frac12", "1/2"),
            Map.entry("eacute", "é"),
            Map.entry("egrave", "è"),
            Map.entry("agrave", "à"),
            Map.entry("aacute", "á"),
            Map.entry("ouml", "ö"),
            Map.entry("uuml", "ü"),
            Map.entry("auml", "ä"),
            Map.entry("Ouml", "Ö"),
            Map.entry("Uuml", "Ü"),
            Map.entry("Auml", "Ä"),
            Map.entry("szlig", "ß"),
            Map.entry("ccedil", "ç"),
            Map.entry("ntilde", "ñ"));

    private HtmlEntities() {}

    /**
     * Decodes the reference that begins with the ampersand at {@code at}, appending its text.
     *
     * @return number of characters read; 0 if there is no reference, and nothing is appended then
     */
    static int decode(String html, int at, StringBuilder to) {
        int semicolon = html.indexOf(';', at);
        if (semicolon < 0 || semicolon - at > LONGEST || semicolon == at + 1) {
            return 0;
        }
        String name = html.substring(at + 1, semicolon);
        String text = name.charAt(0) == '#' ? numeric(name.substring(1)) : NAMED.getOrDefault(name, "&");
        if (text.equals("&") && !name.equals("amp")) {
            return 0;
        }
        to.append(text);
        return semicolon - at + 1;
    }

    private static String numeric(String digits) {
        try {
            boolean hex = digits.startsWith("x") || digits.startsWith("X");
            int codePoint = hex ? Integer.parseInt(digits.substring(1), 16) : Integer.parseInt(digits);
            boolean printable = Character.isDefined(codePoint)
                    && !Character.isISOControl(codePoint)
                    && (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE);
            return printable ? (codePoint == 0xa0 ? " " : Character.toString(codePoint)) : "&";
        } catch (IllegalArgumentException e) {
            // not a number, or no code point: left as it stands
            return "&";
        }
    }
}
