package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.EngineException;
import uk.ac.manchester.tornado.api.exceptions.TornadoMemoryException;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;

/** Says in the engine's words what TornadoVM throws. */
final class DeviceErrors {
    private DeviceErrors() {}

    /**
     * The engine's exception for one of TornadoVM's.
     *
     * @param doing what was under way
     * @param cause what was thrown
     * @return what to throw instead; the engine's own exceptions as they are
     */
    static RuntimeException translate(String doing, Throwable cause) {
        if (cause instanceof VirtualMachineError error && !(error instanceof InternalError)) {
            throw error;
        }
        if (cause instanceof EngineException engine) {
            return engine;
        }
        RuntimeException translated = cause instanceof TornadoMemoryException
                        || cause instanceof TornadoOutOfMemoryException
                ? new EngineException.OutOfMemory(
                        "TornadoVM ran out of device memory " + doing + ": "
                                + reason(cause)
                                + "\n  remedy: use a smaller batch; where NANOCHAT_DEVICE_MEMORY (-Dtornado.device.memory) limits it, raise that")
                : new EngineException.DeviceFailed("TornadoVM failed " + doing + ": " + cause
                        + "\n  remedy: if the driver reports no error, please report this with the task graph's name");
        translated.initCause(cause);
        return translated;
    }

    /** The first line of what TornadoVM says: advice of its own follows, in colours. */
    private static String reason(Throwable cause) {
        return String.valueOf(cause.getMessage()).lines().findFirst().orElse("").replaceAll("\u001b\\[\\d*m", "");
    }
}
