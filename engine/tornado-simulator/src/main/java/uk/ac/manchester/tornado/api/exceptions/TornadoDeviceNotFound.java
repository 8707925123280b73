package uk.ac.manchester.tornado.api.exceptions;

/** There is no such device. */
public class TornadoDeviceNotFound extends TornadoRuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoDeviceNotFound(String msg) {
        super(msg);
    }
}
