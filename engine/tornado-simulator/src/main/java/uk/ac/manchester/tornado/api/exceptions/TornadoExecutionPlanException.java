package uk.ac.manchester.tornado.api.exceptions;

/** A plan that cannot be closed. */
public class TornadoExecutionPlanException extends Exception {
    /** {@link Exception#Exception(String)}. */
    public TornadoExecutionPlanException(String reason) {
        super(reason);
    }

    /** {@link Exception#Exception(String, Throwable)}. */
    public TornadoExecutionPlanException(String message, Throwable cause) {
        super(message, cause);
    }
}
