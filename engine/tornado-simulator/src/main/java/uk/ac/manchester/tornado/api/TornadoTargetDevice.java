package uk.ac.manchester.tornado.api;

/** The device itself, as its driver describes it. */
public interface TornadoTargetDevice {
    /** {@return name} */
    String getDeviceName();

    /** {@return bytes of memory} */
    long getDeviceGlobalMemorySize();

    /** {@return bytes of local memory of a group} */
    long getDeviceLocalMemorySize();

    /** {@return processors} */
    int getDeviceMaxComputeUnits();

    /** {@return work-items along each dimension} */
    long[] getDeviceMaxWorkItemSizes();

    /** {@return work-items of a group} */
    long[] getDeviceMaxWorkGroupSize();

    /** {@return work-items of a group} */
    int getMaxThreadsPerBlock();

    /** {@return MHz} */
    int getDeviceMaxClockFrequency();

    /** {@return bytes of the largest buffer} */
    long getDeviceMaxAllocationSize();

    /** {@return a description} */
    String getDeviceInfo();
}
