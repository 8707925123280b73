package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** The drivers there are. */
public interface TornadoRuntime {
    /** {@return a driver by its number} */
    TornadoBackend getBackend(int index);

    /** {@return a driver's kind} */
    TornadoVMBackendType getBackendType(int index);

    /** {@return the number of drivers} */
    int getNumBackends();

    /** {@return the first driver's first device, if nothing else was chosen} */
    TornadoDevice getDefaultDevice();
}
