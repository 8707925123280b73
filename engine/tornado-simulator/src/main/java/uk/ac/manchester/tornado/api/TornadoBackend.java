package uk.ac.manchester.tornado.api;

import java.util.List;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** A driver and its devices. */
public interface TornadoBackend {
    /** {@return the device that is used if none is chosen} */
    TornadoDevice getDefaultDevice();

    /** {@return the number of devices} */
    int getNumDevices();

    /** {@return a device by its number} */
    TornadoDevice getDevice(int index);

    /** {@return all devices} */
    List<TornadoDevice> getAllDevices();

    /** {@return the kind of the default device} */
    TornadoDeviceType getTypeDefaultDevice();

    /** {@return the driver's name} */
    String getName();

    /** {@return the driver's kind} */
    TornadoVMBackendType getBackendType();
}
