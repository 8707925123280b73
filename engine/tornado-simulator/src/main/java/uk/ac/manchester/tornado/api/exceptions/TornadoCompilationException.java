package uk.ac.manchester.tornado.api.exceptions;

/** A kernel that does not compile. */
public class TornadoCompilationException extends RuntimeException {
    /** {@link RuntimeException#RuntimeException(String)}. */
    public TornadoCompilationException(String msg) {
        super(msg);
    }
}
