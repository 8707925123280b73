package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.BackendProvider;

/** As {@link TestLibraryBackend}, with launches replayed by CUDA graphs. */
public final class TestGraphsBackend implements BackendProvider {
    /** The name under which tests open it. */
    public static final String NAME = "tornado-graphs-test";

    /** For the service loader. */
    public TestGraphsBackend() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Backend open(BackendOptions options) {
        return TestBackend.open(options, VendorLibrary.CUBLAS, CudaGraphs.ON);
    }
}
