package uk.ac.manchester.tornado.api;

/** Times in nanoseconds and bytes of an execution; the simulated device measures no times. */
public class TornadoProfilerResult {
    TornadoProfilerResult() {}

    /** {@return all} */
    public long getTotalTime() {
        return 0;
    }

    /** {@return compiling} */
    public long getCompileTime() {
        return 0;
    }

    /** {@return copying} */
    public long getDataTransfersTime() {
        return 0;
    }

    /** {@return computing} */
    public long getDeviceKernelTime() {
        return 0;
    }

    /** {@return bytes to the device} */
    public long getTotalBytesCopyIn() {
        return 0;
    }

    /** {@return bytes to the host} */
    public long getTotalBytesCopyOut() {
        return 0;
    }
}
