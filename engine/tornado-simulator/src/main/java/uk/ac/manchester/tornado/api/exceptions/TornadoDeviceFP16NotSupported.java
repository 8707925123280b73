package uk.ac.manchester.tornado.api.exceptions;

/** The device has no F16. */
public class TornadoDeviceFP16NotSupported extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoDeviceFP16NotSupported(String msg) {
        super(msg);
    }
}
