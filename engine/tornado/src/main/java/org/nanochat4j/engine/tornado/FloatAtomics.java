package org.nanochat4j.engine.tornado;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.EngineException;

/**
 * Whether floats are added atomically, which a sum depends on: the items' order is another in each run, and so are the last bits. Runs that repeat are worth more
 * than the time of one kernel, so atomic adds are used only where somebody asks for them.
 */
enum FloatAtomics {
    /** The device, or TornadoVM's driver for it, has none. */
    NONE("no atomic adds of floats"),
    /** Not asked for. */
    UNUSED("atomic adds of floats, used with " + FloatAtomics.SETTING + "=on"),
    /** Asked for. */
    USED("embedding gradients by atomic adds of floats: runs do not repeat bit for bit");

    /** The environment variable that asks for them. */
    private static final String SETTING = "NANOCHAT_TORNADO_ATOMICS";

    /** TornadoVM's driver that compiles them; that for OpenCL refuses them. */
    private static final String CUDA = "CUDA";

    private final String description;

    FloatAtomics(String description) {
        this.description = description;
    }

    /** For reports. */
    String description() {
        return description;
    }

    /**
     * What is done on a device.
     *
     * @param driver TornadoVM's
     * @param setting the value of NANOCHAT_TORNADO_ATOMICS, if it is set
     * @throws EngineException.NoBackend if the value is no choice, or asks for what the driver cannot compile
     */
    static FloatAtomics of(String driver, @Nullable String setting) {
        boolean on = Switch.isOn(SETTING, setting, false);
        if (driver.equals(CUDA)) {
            return on ? USED : UNUSED;
        }
        if (on) {
            throw new EngineException.NoBackend(SETTING + "=on, but TornadoVM's driver " + driver
                    + " has no atomic adds of floats\n  remedy: " + SETTING
                    + "=off, or an SDK with the CUDA driver on a machine with an NVIDIA GPU");
        }
        return NONE;
    }

    /** As {@link #of(String, String)}, with the setting of this process. */
    static FloatAtomics of(String driver) {
        return of(driver, System.getenv(SETTING));
    }
}
