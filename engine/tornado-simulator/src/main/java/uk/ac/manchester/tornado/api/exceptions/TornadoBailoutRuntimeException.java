package uk.ac.manchester.tornado.api.exceptions;

/** A kernel that does not compile. */
public class TornadoBailoutRuntimeException extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoBailoutRuntimeException(String msg) {
        super(msg);
    }

    /** {@link RuntimeException#RuntimeException(String, Throwable)}. */
    public TornadoBailoutRuntimeException(String msg, Exception e) {
        super(msg, e);
    }
}
