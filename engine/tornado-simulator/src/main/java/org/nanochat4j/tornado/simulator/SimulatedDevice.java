package org.nanochat4j.tornado.simulator;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * What the simulated device can do. Its name says that it is a simulator, whatever driver it stands for.
 *
 * @param driver the driver that it stands for
 * @param memoryBytes memory for arrays
 * @param arrayBytes size of the largest array
 * @param localBytes local memory of a group
 * @param groupItems work-items of a group at most
 * @param floatAtomics whether floats can be added atomically
 * @param halfStores whether kernels can write F16 and BF16 arrays
 * @param tensorCores whether there are tensor-core operations
 * @param libraries whether there is cuBLAS
 */
public record SimulatedDevice(
        TornadoVMBackendType driver,
        long memoryBytes,
        long arrayBytes,
        long localBytes,
        int groupItems,
        boolean floatAtomics,
        boolean halfStores,
        boolean tensorCores,
        boolean libraries)
        implements TornadoXPUDevice, TornadoTargetDevice, TornadoNativeStreamSupport {
    /** What every name of the simulated device contains. */
    public static final String NAME = "nanochat4j simulator";

    /** What TornadoVM's OpenCL driver offers on a processor, as measured with PoCL. */
    public static final SimulatedDevice OPENCL = new SimulatedDevice(
            TornadoVMBackendType.OPENCL, 4L << 30, 4L << 30, 512 << 10, 4096, false, false, false, false);

    /** What TornadoVM's CUDA driver offers. */
    public static final SimulatedDevice CUDA =
            new SimulatedDevice(TornadoVMBackendType.CUDA, 4L << 30, 4L << 30, 48 << 10, 1024, true, true, true, true);

    /** Added to the number of an execution plan: its stream, and its context. */
    private static final long FIRST_STREAM = 0x1000;

    private static final long FIRST_CONTEXT = 0x2000;

    /** {@return this device with other memory} */
    public SimulatedDevice withMemory(long bytes) {
        return new SimulatedDevice(
                driver, bytes, arrayBytes, localBytes, groupItems, floatAtomics, halfStores, tensorCores, libraries);
    }

    /** {@return this device with other largest arrays} */
    public SimulatedDevice withArrays(long bytes) {
        return new SimulatedDevice(
                driver, memoryBytes, bytes, localBytes, groupItems, floatAtomics, halfStores, tensorCores, libraries);
    }

    @Override
    public String getDeviceName() {
        return NAME + " of " + driver;
    }

    @Override
    public String getDescription() {
        return getDeviceName() + ", a test device";
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
        return driver == TornadoVMBackendType.CUDA ? TornadoDeviceType.GPU : TornadoDeviceType.CPU;
    }

    @Override
    public long getMaxAllocMemory() {
        return Math.min(arrayBytes, memoryBytes);
    }

    @Override
    public long getMaxGlobalMemory() {
        return memoryBytes;
    }

    @Override
    public long getDeviceLocalMemorySize() {
        return localBytes;
    }

    @Override
    public long[] getDeviceMaxWorkgroupDimensions() {
        return new long[] {groupItems, groupItems, groupItems};
    }

    @Override
    public String getDeviceOpenCLCVersion() {
        return NAME;
    }

    /** As the CUDA driver describes its devices, with the compute capability that tensor cores need. */
    @Override
    public String getDeviceInfo() {
        return getDescription() + (tensorCores ? "\nDevice version   : CUDA 8.0\n" : "");
    }

    @Override
    public long getNativeStream(long executionPlanId) {
        return FIRST_STREAM + executionPlanId;
    }

    @Override
    public long getNativeContext(long executionPlanId) {
        return FIRST_CONTEXT + executionPlanId;
    }

    @Override
    public int getBackendIndex() {
        return 0;
    }

    @Override
    public TornadoVMBackendType getTornadoVMBackend() {
        return driver;
    }

    @Override
    public long getDeviceGlobalMemorySize() {
        return memoryBytes;
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
        return new long[] {groupItems};
    }

    @Override
    public int getMaxThreadsPerBlock() {
        return groupItems;
    }

    @Override
    public int getDeviceMaxClockFrequency() {
        return 0;
    }

    @Override
    public long getDeviceMaxAllocationSize() {
        return memoryBytes;
    }
}
