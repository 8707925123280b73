package uk.ac.manchester.tornado.runtime.library.spi;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/** A call of a library with its arguments: numbers as they are, arrays with where they are on the device. */
public final class LibraryInvocation {
    private final Object[] javaArgs;
    private final long[] devicePointers;
    private final boolean[] isReference;
    private final TornadoXPUDevice device;
    private final long executionPlanId;
    private final LibraryContext context;
    private final @Nullable Object tuning;

    /** A call; one element of each array for each argument. */
    public LibraryInvocation(
            Object[] javaArgs,
            long[] devicePointers,
            boolean[] isReference,
            TornadoXPUDevice device,
            long executionPlanId,
            LibraryContext context,
            @Nullable Object tuning) {
        this.javaArgs = javaArgs;
        this.devicePointers = devicePointers;
        this.isReference = isReference;
        this.device = device;
        this.executionPlanId = executionPlanId;
        this.context = context;
        this.tuning = tuning;
    }

    /** {@return how many arguments there are} */
    public int getNumArgs() {
        return javaArgs.length;
    }

    /** {@return an argument as the task gave it} */
    public Object getArg(int index) {
        return javaArgs[index];
    }

    /** {@return the address of an array's first element on the device} */
    public long getDevicePointer(int index) {
        return devicePointers[index];
    }

    /** {@return whether an argument is an array} */
    public boolean isReference(int index) {
        return isReference[index];
    }

    /** {@return the device} */
    public TornadoXPUDevice getDevice() {
        return device;
    }

    /** {@return the execution plan} */
    public long getExecutionPlanId() {
        return executionPlanId;
    }

    /** {@return what the provider made for the plan} */
    public LibraryContext getContext() {
        return context;
    }

    /** {@return what the task's description had as tuning} */
    public @Nullable Object getTuning() {
        return tuning;
    }
}
