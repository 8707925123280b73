package uk.ac.manchester.tornado.api.exceptions;

/** The device is full. */
public class TornadoOutOfMemoryException extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoOutOfMemoryException(String msg) {
        super(msg);
    }
}
