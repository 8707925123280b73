package uk.ac.manchester.tornado.api.exceptions;

/** There is no such driver. */
public class TornadoBackendNotFound extends TornadoRuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoBackendNotFound(String msg) {
        super(msg);
    }
}
