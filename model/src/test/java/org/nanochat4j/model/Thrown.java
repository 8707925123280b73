package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Checks of what errors say. */
final class Thrown {
    private Thrown() {}

    /** The message of the exception that an action throws. */
    static String message(Class<? extends Throwable> type, Executable action) {
        return String.valueOf(assertThrows(type, action).getMessage());
    }

    /** Requires an exception that says something. */
    static void says(String text, Class<? extends Throwable> type, Executable action) {
        String message = message(type, action);
        assertTrue(message.contains(text), message);
    }
}
