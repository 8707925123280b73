package org.nanochat4j.tornado.simulator;

import java.util.List;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoBackendNotFound;
import uk.ac.manchester.tornado.api.exceptions.TornadoDeviceNotFound;

/** A runtime with one driver and one device, the simulated one of the moment. */
public final class SimulatedRuntime implements TornadoRuntime, TornadoBackend {
    /** The runtime of this JVM. */
    public static final SimulatedRuntime INSTANCE = new SimulatedRuntime();

    private SimulatedRuntime() {}

    @Override
    public TornadoBackend getBackend(int index) {
        if (index != 0) {
            throw new TornadoBackendNotFound("driver " + index + ": there is one, 0");
        }
        return this;
    }

    @Override
    public TornadoVMBackendType getBackendType(int index) {
        return getBackend(index).getBackendType();
    }

    @Override
    public TornadoVMBackendType getBackendType() {
        return Simulator.device().driver();
    }

    @Override
    public int getNumBackends() {
        return 1;
    }

    @Override
    public TornadoDevice getDefaultDevice() {
        return Simulator.device();
    }

    @Override
    public int getNumDevices() {
        return 1;
    }

    @Override
    public TornadoDevice getDevice(int index) {
        if (index != 0) {
            throw new TornadoDeviceNotFound("device " + index + ": there is one, 0");
        }
        return getDefaultDevice();
    }

    @Override
    public List<TornadoDevice> getAllDevices() {
        return List.of(getDefaultDevice());
    }

    @Override
    public TornadoDeviceType getTypeDefaultDevice() {
        return getDefaultDevice().getDeviceType();
    }

    @Override
    public String getName() {
        return SimulatedDevice.NAME;
    }
}
