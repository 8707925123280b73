package org.nanochat4j.tornado.simulator;

import java.util.List;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** A runtime with one driver and one device, the simulated one. */
public final class SimulatedRuntime implements TornadoRuntime, TornadoBackend {
    /** The runtime of this JVM. */
    public static final SimulatedRuntime INSTANCE = new SimulatedRuntime();

    private final SimulatedDevice device = new SimulatedDevice();

    private SimulatedRuntime() {}

    @Override
    public TornadoBackend getBackend(int index) {
        return this;
    }

    @Override
    public TornadoVMBackendType getBackendType(int index) {
        return getBackendType();
    }

    @Override
    public TornadoVMBackendType getBackendType() {
        return TornadoVMBackendType.VIRTUAL;
    }

    @Override
    public int getNumBackends() {
        return 1;
    }

    @Override
    public TornadoDevice getDefaultDevice() {
        return device;
    }

    @Override
    public int getNumDevices() {
        return 1;
    }

    @Override
    public TornadoDevice getDevice(int index) {
        return device;
    }

    @Override
    public List<TornadoDevice> getAllDevices() {
        return List.of(device);
    }

    @Override
    public TornadoDeviceType getTypeDefaultDevice() {
        return device.getDeviceType();
    }

    @Override
    public String getName() {
        return SimulatedDevice.NAME;
    }
}
