package uk.ac.manchester.tornado.api;

import java.util.List;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** All drivers and their devices. */
public class TornadoDeviceMap {
    /** What the runtime has. */
    public TornadoDeviceMap() {}

    /** {@return the number of drivers} */
    public int getNumBackends() {
        return TornadoRuntimeProvider.getTornadoRuntime().getNumBackends();
    }

    /** {@return the drivers} */
    public List<TornadoBackend> getAllBackends() {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        return IntStream.range(0, runtime.getNumBackends())
                .mapToObj(runtime::getBackend)
                .toList();
    }
}
