package uk.ac.manchester.tornado.api.exceptions;

/** A task that failed. */
public class TornadoTaskRuntimeException extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoTaskRuntimeException(String msg) {
        super(msg);
    }

    /** {@link RuntimeException#RuntimeException(String, Throwable)}. */
    public TornadoTaskRuntimeException(String msg, Exception e) {
        super(msg, e);
    }
}
