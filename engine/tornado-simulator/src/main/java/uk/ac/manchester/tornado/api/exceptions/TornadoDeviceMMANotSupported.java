package uk.ac.manchester.tornado.api.exceptions;

/** The device has no tensor-core operations. */
public class TornadoDeviceMMANotSupported extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoDeviceMMANotSupported(String msg) {
        super(msg);
    }
}
