package org.nanochat4j.tornado.simulator;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** The device of the simulator. */
final class SimulatedDevice implements TornadoDevice, TornadoTargetDevice {
    static final String NAME = "nanochat4j simulator";

    private static final long MEMORY = 4L << 30;
    private static final long LOCAL_MEMORY = 48 << 10;
    private static final long GROUP = 1024;

    @Override
    public String getDeviceName() {
        return NAME;
    }

    @Override
    public String getDescription() {
        return NAME + ", a test device";
    }

    @Override
    public String getPlatformName() {
        return NAME;
    }

    @Override
    public TornadoTargetDevice getPhysicalDevice() {
        return this;
    }

    @Override
    public TornadoDeviceType getDeviceType() {
        return TornadoDeviceType.CUSTOM;
    }

    @Override
    public long getMaxAllocMemory() {
        return MEMORY;
    }

    @Override
    public long getMaxGlobalMemory() {
        return MEMORY;
    }

    @Override
    public long getDeviceLocalMemorySize() {
        return LOCAL_MEMORY;
    }

    @Override
    public long[] getDeviceMaxWorkgroupDimensions() {
        return new long[] {GROUP, GROUP, GROUP};
    }

    @Override
    public String getDeviceOpenCLCVersion() {
        return NAME;
    }

    @Override
    public String getDeviceInfo() {
        return getDescription();
    }

    @Override
    public int getBackendIndex() {
        return 0;
    }

    @Override
    public TornadoVMBackendType getTornadoVMBackend() {
        return TornadoVMBackendType.VIRTUAL;
    }

    @Override
    public long getDeviceGlobalMemorySize() {
        return MEMORY;
    }

    @Override
    public int getDeviceMaxComputeUnits() {
        return 1;
    }

    @Override
    public long[] getDeviceMaxWorkItemSizes() {
        return getDeviceMaxWorkgroupDimensions();
    }

    @Override
    public long[] getDeviceMaxWorkGroupSize() {
        return new long[] {GROUP};
    }

    @Override
    public int getMaxThreadsPerBlock() {
        return (int) GROUP;
    }

    @Override
    public int getDeviceMaxClockFrequency() {
        return 0;
    }

    @Override
    public long getDeviceMaxAllocationSize() {
        return MEMORY;
    }
}
