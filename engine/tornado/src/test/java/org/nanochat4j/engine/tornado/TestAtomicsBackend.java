package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.BackendProvider;

/** As {@link TestBackend}, where somebody has asked for atomic adds of floats. */
public final class TestAtomicsBackend implements BackendProvider {
    /** The name under which tests open it. */
    public static final String NAME = "tornado-atomics-test";

    /** For the service loader. */
    public TestAtomicsBackend() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Backend open(BackendOptions options) {
        return TestBackend.open(options, "on", VendorLibrary.none("this test computes with kernels"), CudaGraphs.OFF);
    }
}
