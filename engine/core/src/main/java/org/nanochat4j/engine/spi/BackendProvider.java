package org.nanochat4j.engine.spi;

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
}
