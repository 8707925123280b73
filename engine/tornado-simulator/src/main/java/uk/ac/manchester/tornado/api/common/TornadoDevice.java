package uk.ac.manchester.tornado.api.common;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** A device of a driver. */
public interface TornadoDevice {
    /** {@return driver and number} */
    String getDeviceName();

    /** {@return a description} */
    String getDescription();

    /** {@return the driver's platform} */
    String getPlatformName();

    /** {@return the device itself} */
    TornadoTargetDevice getPhysicalDevice();

    /** {@return its kind} */
    TornadoDeviceType getDeviceType();

    /** {@return bytes of the largest buffer} */
    long getMaxAllocMemory();

    /** {@return bytes of memory} */
    long getMaxGlobalMemory();

    /** {@return bytes of local memory of a group} */
    long getDeviceLocalMemorySize();

    /** {@return work-items of a group along each dimension} */
    long[] getDeviceMaxWorkgroupDimensions();

    /** {@return the version of OpenCL C} */
    String getDeviceOpenCLCVersion();

    /** {@return what the driver says} */
    Object getDeviceInfo();

    /** {@return the driver's number} */
    int getBackendIndex();

    /** {@return the driver's kind} */
    TornadoVMBackendType getTornadoVMBackend();
}
