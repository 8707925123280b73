package uk.ac.manchester.tornado.api.exceptions;

/** The API was used wrongly. */
public class TornadoAPIException extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoAPIException(String msg) {
        super(msg);
    }

    /** {@link RuntimeException#RuntimeException(String, Throwable)}. */
    public TornadoAPIException(String msg, Exception e) {
        super(msg, e);
    }
}
