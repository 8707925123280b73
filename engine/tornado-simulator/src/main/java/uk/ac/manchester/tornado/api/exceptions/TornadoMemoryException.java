package uk.ac.manchester.tornado.api.exceptions;

/** A buffer that cannot be had. */
public class TornadoMemoryException extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoMemoryException(String msg) {
        super(msg);
    }
}
