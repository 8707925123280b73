package uk.ac.manchester.tornado.api.exceptions;

/** A transfer or launch that failed. */
public class TornadoFailureException extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoFailureException(String msg) {
        super(msg);
    }

    /** {@link RuntimeException#RuntimeException(Throwable)}. */
    public TornadoFailureException(Exception e) {
        super(e);
    }
}
