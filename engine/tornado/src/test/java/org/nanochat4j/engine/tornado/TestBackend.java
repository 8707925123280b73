package org.nanochat4j.engine.tornado;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.BackendProvider;

/** The test door: the backend on whatever TornadoVM is there, also the simulator. */
public final class TestBackend implements BackendProvider {
    /** The name under which tests open it. */
    public static final String NAME = "tornado-test";

    private static @Nullable TornadoBackend last;

    /** For the service loader. */
    public TestBackend() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Backend open(BackendOptions options) {
        return open(options, VendorLibrary.none("this test computes with kernels"));
    }

    static Backend open(BackendOptions options, VendorLibrary library) {
        return open(options, library, CudaGraphs.OFF);
    }

    static Backend open(BackendOptions options, VendorLibrary library, CudaGraphs graphs) {
        return open(options, "off", library, graphs);
    }

    /** With a value of NANOCHAT_TORNADO_ATOMICS. */
    static Backend open(BackendOptions options, String atomics, VendorLibrary library, CudaGraphs graphs) {
        BackendOptions unchecked = new BackendOptions(
                options.threads(), false, options.machineCode(), options.fusion(), options.progress());
        TornadoBackend backend = (TornadoBackend)
                Devices.open(unchecked, driver -> FloatAtomics.of(driver, atomics), _ -> library, _ -> graphs);
        last = backend;
        return backend;
    }

    static Capabilities capabilities(Backend backend) {
        return ((TornadoBackend) backend).capabilities();
    }

    /**
     * What was asked of the device.
     *
     * @param compiledTasks kernels compiled
     * @param uploads transfers of variables to the device
     * @param streamedElements elements of inputs transferred along with programs
     * @param downloads transfers to the host
     */
    public record Asked(long compiledTasks, long uploads, long streamedElements, long downloads) {
        /** {@return what was asked since an earlier moment} */
        public Asked minus(Asked earlier) {
            return new Asked(
                    compiledTasks - earlier.compiledTasks,
                    uploads - earlier.uploads,
                    streamedElements - earlier.streamedElements,
                    downloads - earlier.downloads);
        }
    }

    /** {@return what the backend opened last has asked of its device so far} */
    public static Asked asked() {
        Counters.Snapshot counts = Objects.requireNonNull(last).counters().snapshot();
        return new Asked(counts.compiledTasks(), counts.uploads(), counts.streamedElements(), counts.downloads());
    }
}
