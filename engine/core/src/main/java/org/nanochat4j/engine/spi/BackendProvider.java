package org.nanochat4j.engine.spi;

import java.util.List;

/** How a backend is found: implementations are registered with {@link java.util.ServiceLoader}. */
public interface BackendProvider {
    /** {@return the name that users select it by} */
    String name();

    /**
     * Opens the backend.
     *
     * @param options what the user asked for
     * @return the backend
     * @throws org.nanochat4j.engine.EngineException.NoBackend if it cannot run here, with the remedy
     */
    Backend open(BackendOptions options);

    /**
     * The devices that the backend could run on.
     *
     * @return one or more
     * @throws org.nanochat4j.engine.EngineException.NoBackend if it cannot run here, with the remedy
     */
    default List<DeviceInfo> devices() {
        try (Backend backend = open(BackendOptions.DEFAULT)) {
            return List.of(backend.device());
        }
    }
}
