package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the JSON of golden files into maps, lists, strings and doubles; the engine itself needs none. */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /** The value of a whole text. */
    static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.blanks();
        if (json.at != text.length()) {
            throw json.error("text behind the value");
        }
        return value;
    }

    private Object value() {
        blanks();
        return switch (text.charAt(at)) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            default -> number();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> object = new LinkedHashMap<>();
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

    private List<Object> array() {
        List<Object> array = new ArrayList<>();
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
