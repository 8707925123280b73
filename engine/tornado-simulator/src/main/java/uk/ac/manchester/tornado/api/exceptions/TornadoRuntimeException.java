package uk.ac.manchester.tornado.api.exceptions;

/** Something that the runtime refuses. */
public class TornadoRuntimeException extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoRuntimeException(String msg) {
        super(msg);
    }

    /** {@link RuntimeException#RuntimeException(Throwable)}. */
    public TornadoRuntimeException(Exception e) {
        super(e);
    }
}
