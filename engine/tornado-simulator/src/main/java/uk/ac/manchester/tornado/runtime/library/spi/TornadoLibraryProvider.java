package uk.ac.manchester.tornado.runtime.library.spi;

import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/** A service: makes the calls of library tasks. */
public interface TornadoLibraryProvider {
    /** {@return the library's name, as tasks give it} */
    String libraryName();

    /** {@return whether the library works on a device} */
    boolean canHandle(TornadoXPUDevice device);

    /** {@return what the calls of one execution plan share} */
    LibraryContext createContext(TornadoXPUDevice device, long executionPlanId);

    /** Called before the first call of a task, perhaps several times. */
    default void prepare(LibraryTaskDescriptor descriptor, LibraryContext context) {}

    /** Makes a call. */
    void dispatch(String functionName, LibraryInvocation invocation);

    /** Called when the execution plan is gone. */
    void destroyContext(LibraryContext context);
}
