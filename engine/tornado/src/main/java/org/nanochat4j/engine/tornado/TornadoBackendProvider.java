package org.nanochat4j.engine.tornado;

import java.util.List;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.BackendProvider;
import org.nanochat4j.engine.spi.DeviceInfo;

/** Opens the TornadoVM backend; names no type of TornadoVM itself, so that a missing installation is a clear error. */
public final class TornadoBackendProvider implements BackendProvider {
    /** The name of this backend. */
    public static final String NAME = "tornado";

    private static final String API = "uk.ac.manchester.tornado.api.TaskGraph";

    /** A class that only the test device has. */
    private static final String SIMULATOR = "org.nanochat4j.tornado.simulator.SimulatedRuntime";

    private static final String BAILOUT = "tornado.recover.bailout";

    /** For the service loader. */
    public TornadoBackendProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Backend open(BackendOptions options) {
        requireInstallation();
        requireNoBailout();
        try {
            return Devices.open(options, FloatAtomics::of, VendorLibrary::of, CudaGraphs::of);
        } catch (LinkageError e) {
            throw tooOld(e);
        }
    }

    @Override
    public List<DeviceInfo> devices() {
        requireInstallation();
        try {
            return Devices.list();
        } catch (LinkageError e) {
            throw tooOld(e);
        }
    }

    private static void requireInstallation() {
        if (!exists(API)) {
            throw new EngineException.NoBackend(
                    "the TornadoVM backend needs TornadoVM, and this JVM was started without it"
                            + "\n  remedy: install TornadoVM 5.2.0-jdk25 (sdk install tornadovm, or its release page), set"
                            + " TORNADOVM_HOME to its folder, and start with ./nanochat --backend tornado");
        }
        if (exists(SIMULATOR)) {
            throw new EngineException.NoBackend(
                    "the TornadoVM found here is the simulator, a device for tests that computes nothing faster than a reference"
                            + "\n  remedy: take tornado-simulator off the class path, and start with ./nanochat --backend tornado");
        }
    }

    /** With bailout, a kernel that does not compile is run once, sequentially and wrongly, and nobody is told. */
    private static void requireNoBailout() {
        if (!"false".equalsIgnoreCase(System.getProperty(BAILOUT))) {
            throw new EngineException.NoBackend(
                    "TornadoVM would go on silently, with wrong results, where a kernel fails to compile: " + BAILOUT
                            + " is " + System.getProperty(BAILOUT, "not set")
                            + "\n  remedy: start with ./nanochat --backend tornado, or add -D" + BAILOUT
                            + "=False to the java command");
        }
    }

    private static EngineException.NoBackend tooOld(LinkageError e) {
        EngineException.NoBackend translated = new EngineException.NoBackend(
                "this TornadoVM is not the one that the backend was made for, or lacks its drivers: " + e
                        + "\n  remedy: install TornadoVM 5.2.0-jdk25 with the driver for your device (OpenCL or CUDA)");
        translated.initCause(e);
        return translated;
    }

    private static boolean exists(String type) {
        try {
            Class.forName(type, false, TornadoBackendProvider.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
