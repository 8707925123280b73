package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.BackendProvider;

/** The test door: the backend on whatever TornadoVM is there, also the simulator. */
public final class SimulatedProvider implements BackendProvider {
    /** The name under which tests open it. */
    public static final String NAME = "tornado-test";

    /** For the service loader. */
    public SimulatedProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Backend open(BackendOptions options) {
        return Devices.open(options);
    }
}
