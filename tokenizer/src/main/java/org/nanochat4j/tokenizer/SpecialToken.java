package org.nanochat4j.tokenizer;

import java.util.List;
import java.util.Optional;

/**
 * The nine special tokens, in the order of their ids, which follow the last mergeable token.
 *
 * <p>There is no padding and no end-of-document token: {@link #BOS} doubles as both.
 */
public enum SpecialToken {
    /** Starts every document and every conversation. */
    BOS("<|bos|>"),
    /** Opens a message of the user. */
    USER_START("<|user_start|>"),
    /** Closes a message of the user. */
    USER_END("<|user_end|>"),
    /** Opens a message of the assistant. */
    ASSISTANT_START("<|assistant_start|>"),
    /** Closes a message of the assistant. */
    ASSISTANT_END("<|assistant_end|>"),
    /** Opens an expression that the assistant hands to the calculator. */
    PYTHON_START("<|python_start|>"),
    /** Closes an expression for the calculator. */
    PYTHON_END("<|python_end|>"),
    /** Opens the calculator's answer. */
    OUTPUT_START("<|output_start|>"),
    /** Closes the calculator's answer. */
    OUTPUT_END("<|output_end|>");

    /** All special tokens in id order. */
    static final List<SpecialToken> ALL = List.of(values());

    private final String text;

    SpecialToken(String text) {
        this.text = text;
    }

    /** {@return the literal text, such as {@code <|bos|>}} */
    public String text() {
        return text;
    }

    /**
     * The special token that is written like this.
     *
     * @param text literal text, such as {@code <|bos|>}
     * @return the token, if there is one
     */
    public static Optional<SpecialToken> of(String text) {
        return ALL.stream().filter(special -> special.text.equals(text)).findFirst();
    }
}
