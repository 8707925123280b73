package uk.ac.manchester.tornado.runtime.library.spi;

/** A device whose stream libraries can put work on, between kernels and transfers. */
public interface TornadoNativeStreamSupport {
    /** {@return the driver's stream of an execution plan} */
    long getNativeStream(long executionPlanId);

    /** {@return the driver's context of an execution plan} */
    long getNativeContext(long executionPlanId);
}
