package org.nanochat4j.engine.spi;

import java.util.List;
import java.util.ServiceLoader;
import org.nanochat4j.engine.EngineException;

/** The look-up of backends by name. */
public final class Backends {
    private Backends() {}

    /** {@return the names of all backends there are} */
    public static List<String> names() {
        return ServiceLoader.load(BackendProvider.class).stream()
                .map(provider -> provider.get().name())
                .sorted()
                .toList();
    }

    /**
     * Opens a backend.
     *
     * @param name one of {@link #names}
     * @param options how
     * @return the backend
     * @throws EngineException.NoBackend if there is none of this name or it cannot run here
     */
    public static Backend open(String name, BackendOptions options) {
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
            if (provider.name().equals(name)) {
                return provider.open(options);
            }
        }
        throw new EngineException.NoBackend("no backend named '" + name + "'\n  remedy: choose one of " + names()
                + ", or put the backend's jar on the class path");
    }
}
