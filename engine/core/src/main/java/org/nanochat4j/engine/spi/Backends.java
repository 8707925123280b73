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
     * The devices that a backend could run on; it runs on the first.
     *
     * @param name one of {@link #names}
     * @return one or more
     * @throws EngineException.NoBackend if there is none of this name or it cannot run here
     */
    public static List<DeviceInfo> devices(String name) {
        return provider(name).devices();
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
        return provider(name).open(options);
    }

    private static BackendProvider provider(String name) {
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
            if (provider.name().equals(name)) {
                return provider;
            }
        }
        throw new EngineException.NoBackend("no backend named '" + name + "'\n  remedy: choose one of " + names()
                + ", or put the backend's jar on the class path");
    }
}
