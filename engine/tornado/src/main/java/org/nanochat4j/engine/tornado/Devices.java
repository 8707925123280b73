package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.DeviceInfo;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** The devices that TornadoVM sees, and the backend on the default one. */
final class Devices {
    /** Room for a description of a task graph's steps; TornadoVM's default of 4096 bytes holds about 40 tasks. */
    private static final String BYTECODE_SIZE = "tornado.tvm.maxbytecodesize";

    private static final String ENOUGH_BYTECODE = "1048576";

    private Devices() {}

    /**
     * The backend on TornadoVM's default device.
     *
     * @param options how to open it
     * @param atomics whether floats are added atomically, by the name of a driver
     * @param library what computes matrix products, likewise
     * @param graphs whether launches are replayed, likewise
     */
    static Backend open(
            BackendOptions options,
            Function<String, FloatAtomics> atomics,
            Function<String, VendorLibrary> library,
            Function<String, CudaGraphs> graphs) {
        TornadoRuntime runtime = runtime();
        TornadoDevice device = runtime.getDefaultDevice();
        String driver = driver(device);
        Capabilities capabilities =
                Capabilities.of(device, atomics.apply(driver), library.apply(driver), graphs.apply(driver));
        if (capabilities.memoryBytes() <= 0) {
            throw new EngineException.NoBackend("TornadoVM's device " + capabilities.device()
                    + " offers no memory\n  remedy: set -Dtornado.device.memory to what it has, for example 8GB");
        }
        return new TornadoBackend(capabilities, options);
    }

    /** All devices of all drivers. */
    static List<DeviceInfo> list() {
        TornadoRuntime runtime = runtime();
        List<DeviceInfo> devices = new ArrayList<>();
        for (int driver = 0; driver < runtime.getNumBackends(); driver++) {
            for (TornadoDevice device : runtime.getBackend(driver).getAllDevices()) {
                String name = driver(device);
                devices.add(Capabilities.of(device, FloatAtomics.of(name), VendorLibrary.of(name), CudaGraphs.of(name))
                        .info());
            }
        }
        return devices;
    }

    private static String driver(TornadoDevice device) {
        return device.getTornadoVMBackend().name();
    }

    private static TornadoRuntime runtime() {
        // TornadoVM reads the same option while it starts, and cannot say which one is wrong.
        Capabilities.allowedBytes();
        if (System.getProperty(BYTECODE_SIZE) == null) { // TornadoVM reads it when it loads the class that needs it
            System.setProperty(BYTECODE_SIZE, ENOUGH_BYTECODE);
        }
        TornadoRuntime runtime;
        try {
            runtime = TornadoRuntimeProvider.getTornadoRuntime();
        } catch (RuntimeException | ExceptionInInitializerError e) {
            EngineException.NoBackend translated = new EngineException.NoBackend("TornadoVM does not start: " + cause(e)
                    + "\n  remedy: check that the SDK has the driver for your device, and that the device's own driver is"
                    + " installed (clinfo or nvidia-smi shows it)");
            translated.initCause(e);
            throw translated;
        }
        if (runtime.getNumBackends() == 0 || runtime.getBackend(0).getNumDevices() == 0) {
            throw new EngineException.NoBackend(
                    "TornadoVM sees no device\n  remedy: install the driver of your device: OpenCL (for processors: PoCL), or CUDA");
        }
        return runtime;
    }

    private static Throwable cause(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
