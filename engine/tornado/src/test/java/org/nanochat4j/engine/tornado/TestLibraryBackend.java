package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.BackendProvider;

/** As {@link TestBackend}, on a device that calls cuBLAS: a real one, or the simulator with a library of the test's. */
public final class TestLibraryBackend implements BackendProvider {
    /** The name under which tests open it. */
    public static final String NAME = "tornado-library-test";

    /** For the service loader. */
    public TestLibraryBackend() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Backend open(BackendOptions options) {
        return TestBackend.open(options, VendorLibrary.CUBLAS);
    }
}
