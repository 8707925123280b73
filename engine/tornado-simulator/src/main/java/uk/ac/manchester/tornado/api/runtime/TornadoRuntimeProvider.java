package uk.ac.manchester.tornado.api.runtime;

import org.nanochat4j.tornado.simulator.SimulatedRuntime;
import uk.ac.manchester.tornado.api.TornadoRuntime;

/** Where the runtime is found. */
public class TornadoRuntimeProvider {
    /** Nothing to hold. */
    public TornadoRuntimeProvider() {}

    /** {@return the simulated runtime} */
    public static TornadoRuntime getTornadoRuntime() {
        return SimulatedRuntime.INSTANCE;
    }

    /** {@return the setting, the JVM's property of this name} */
    public static String getProperty(String key) {
        return System.getProperty(key);
    }

    /** {@return the setting, or the value if there is none} */
    public static String getProperty(String key, String value) {
        return System.getProperty(key, value);
    }

    /** Changes a setting. */
    public static void setProperty(String key, String value) {
        System.setProperty(key, value);
    }
}
