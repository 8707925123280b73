package org.nanochat4j.engine.spi;

/**
 * How to open a backend.
 *
 * @param threads CPU threads to use; 0 for all processors
 */
public record BackendOptions(int threads) {
    /** All processors. */
    public static final BackendOptions DEFAULT = new BackendOptions(0);

    /** {@return the number of threads with 0 resolved} */
    public int resolvedThreads() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
