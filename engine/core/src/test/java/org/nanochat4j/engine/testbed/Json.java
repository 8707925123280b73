package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of a golden file's JSON. The engine itself needs no JSON, so there is no library for it here. */
public final class Json {
    private final Object value;

    private Json(Object value) {
        this.value = value;
    }

    /**
     * The value of a whole text.
     *
     * @param text JSON without escapes and nulls
     * @return the value
     */
    public static Json parse(String text) {
        return new Parser(text).whole();
    }

    /**
     * A member of this object.
     *
     * @param name of the member
     * @return its value
     */
    public Json get(String name) {
        if (value instanceof Map<?, ?> object && object.get(name) instanceof Json member) {
            return member;
        }
        throw new IllegalArgumentException("no member " + name);
    }

    /**
     * Whether this object has a member.
     *
     * @param name of the member
     * @return whether it has
     */
    public boolean has(String name) {
        return value instanceof Map<?, ?> object && object.containsKey(name);
    }

    /** {@return the elements of this array} */
    public List<Json> list() {
        if (!(value instanceof List<?> array)) {
            throw new IllegalArgumentException("not an array: " + value);
        }
        List<Json> elements = new ArrayList<>();
        array.forEach(element -> elements.add((Json) element));
        return elements;
    }

    /** {@return this number} */
    public double number() {
        return (Double) value;
    }

    /** {@return this string} */
    public String text() {
        return (String) value;
    }

    /** Reads left to right, one value at a time. */
    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        Json whole() {
            Json value = value();
            blanks();
            if (at != text.length()) {
                throw error("text behind the value");
            }
            return value;
        }

        private Json value() {
            blanks();
            return new Json(
                    switch (text.charAt(at)) {
                        case '{' -> object();
                        case '[' -> array();
                        case '"' -> string();
                        case 't' -> word("true", true);
                        case 'f' -> word("false", false);
                        default -> number();
                    });
        }

        private Map<String, Json> object() {
            Map<String, Json> object = new LinkedHashMap<>();
            at++;
            for (blanks(); !accept('}'); accept(',')) {
                blanks();
                String name = string();
                blanks();
                if (!accept(':')) {
                    throw error("no colon");
                }
                object.put(name, value());
                blanks();
            }
            return object;
        }

        private List<Json> array() {
            List<Json> array = new ArrayList<>();
            at++;
            for (blanks(); !accept(']'); accept(',')) {
                array.add(value());
                blanks();
            }
            return array;
        }

        private String string() {
            int end = text.indexOf('"', at + 1);
            String string = text.substring(at + 1, end);
            if (string.indexOf('\\') >= 0) {
                throw error("escapes are not needed here");
            }
            at = end + 1;
            return string;
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) {
                throw error("not " + word);
            }
            at += word.length();
            return value;
        }

        private Double number() {
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            if (at == start) {
                throw error("not a value");
            }
            return Double.valueOf(text.substring(start, at));
        }

        private boolean accept(char wanted) {
            if (text.charAt(at) == wanted) {
                at++;
                return true;
            }
            return false;
        }

        private void blanks() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private IllegalArgumentException error(String problem) {
            return new IllegalArgumentException(
                    problem + " at " + at + " in " + text.substring(0, Math.min(80, text.length())));
        }
    }
}
