package org.nanochat4j.engine.tornado;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.EngineException;

/** Environment variables that are on or off. */
final class Switch {
    private Switch() {}

    /**
     * Whether a variable is on.
     *
     * @param name of the variable
     * @param value its value, if it is set
     * @param byDefault what holds where it is not set, or empty
     * @throws EngineException.NoBackend if it is anything but on and off
     */
    static boolean isOn(String name, @Nullable String value, boolean byDefault) {
        if (value == null || value.isEmpty()) {
            return byDefault;
        }
        return switch (value) {
            case "on" -> true;
            case "off" -> false;
            default ->
                throw new EngineException.NoBackend(name + "=" + value + " is no choice\n  remedy: "
                        + (byDefault ? "off, or on" : "on, or off") + ", which is the default");
        };
    }
}
