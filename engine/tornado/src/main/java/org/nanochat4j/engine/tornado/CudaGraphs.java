package org.nanochat4j.engine.tornado;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.EngineException;

/**
 * Whether the launches of a program's task graph are captured as a CUDA graph when it first runs, and replayed as one from then on.
 *
 * @param used whether they are
 * @param description for people
 */
record CudaGraphs(boolean used, String description) {
    static final CudaGraphs ON = new CudaGraphs(true, "launches replayed by CUDA graphs");

    static final CudaGraphs OFF = new CudaGraphs(false, "launches one by one, without CUDA graphs");

    /** The environment variable that asks for them. */
    private static final String SETTING = "NANOCHAT_TORNADO_GRAPHS";

    /** TornadoVM's driver that has them. */
    private static final String CUDA = "CUDA";

    /**
     * What a device does.
     *
     * @param driver TornadoVM's
     * @param setting the value of NANOCHAT_TORNADO_GRAPHS, if it is set
     * @throws EngineException.NoBackend if it is no choice, or the driver cannot do what it asks for
     */
    static CudaGraphs of(String driver, @Nullable String setting) {
        if (!Switch.isOn(SETTING, setting, false)) {
            return OFF;
        }
        if (!driver.equals(CUDA)) {
            throw new EngineException.NoBackend(SETTING + "=on: driver " + driver + " has no CUDA graphs"
                    + "\n  remedy: an SDK with TornadoVM's CUDA driver (NANOCHAT_TORNADO_DRIVER=cuda chooses it), or leave "
                    + SETTING + " out");
        }
        return ON;
    }

    /** As {@link #of(String, String)}, with the setting of this process. */
    static CudaGraphs of(String driver) {
        return of(driver, System.getenv(SETTING));
    }
}
