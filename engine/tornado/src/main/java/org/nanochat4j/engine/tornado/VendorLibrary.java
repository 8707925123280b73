package org.nanochat4j.engine.tornado;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.tornado.cublas.InstalledCublas;

/**
 * Whether matrix products go to the vendor's library.
 *
 * @param used whether they do
 * @param description for people
 */
record VendorLibrary(boolean used, String description) {
    static final VendorLibrary CUBLAS = new VendorLibrary(true, "matrix products by cuBLAS");

    /** The environment variable that forbids it. */
    private static final String SETTING = "NANOCHAT_TORNADO_LIBRARIES";

    /** TornadoVM's driver that has library tasks. */
    private static final String CUDA = "CUDA";

    /** There is none, and why. */
    static VendorLibrary none(String why) {
        return new VendorLibrary(false, "no vendor library for matrix products: " + why);
    }

    /**
     * What a device has.
     *
     * @param driver TornadoVM's
     * @param setting the value of NANOCHAT_TORNADO_LIBRARIES, if it is set
     * @throws org.nanochat4j.engine.EngineException.NoBackend if it is no choice
     */
    static VendorLibrary of(String driver, @Nullable String setting) {
        if (!Switch.isOn(SETTING, setting, true)) {
            return none(SETTING + "=off");
        }
        if (!driver.equals(CUDA)) {
            return none("driver " + driver + " calls none");
        }
        return InstalledCublas.isThere()
                ? CUBLAS
                : none("libcublas.so is not found; LD_LIBRARY_PATH may name its folder");
    }

    /** As {@link #of(String, String)}, with the setting of this process. */
    static VendorLibrary of(String driver) {
        return of(driver, System.getenv(SETTING));
    }
}
