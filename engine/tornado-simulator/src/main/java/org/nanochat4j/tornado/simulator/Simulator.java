package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/**
 * How tests choose the simulated device and ask what it did. One device serves the whole JVM; it is not for several threads.
 *
 * <pre>{@code
 * try (Simulator simulator = Simulator.checking(SimulatedDevice.OPENCL)) {
 *     plan.execute(); // races, missing barriers, reads of garbage and wrong indexes are errors
 * }
 * }</pre>
 */
public final class Simulator implements AutoCloseable {
    private static Simulator current = new Simulator(SimulatedDevice.OPENCL, false, null);

    private final SimulatedDevice device;
    private final boolean checking;
    private final @Nullable Simulator before;
    private final List<TornadoLibraryProvider> providers = new ArrayList<>();
    private @Nullable MissingBarrier missing;
    private Counters counters = Counters.ZERO;

    private Simulator(SimulatedDevice device, boolean checking, @Nullable Simulator before) {
        this.device = device;
        this.checking = checking;
        this.before = before;
    }

    /** {@return the simulator with this device, until it is closed; kernels run once, unchecked} */
    public static Simulator of(SimulatedDevice device) {
        return use(device, false);
    }

    /** {@return the simulator with this device, until it is closed; every kernel is checked, which takes several times as long} */
    public static Simulator checking(SimulatedDevice device) {
        return use(device, true);
    }

    private static Simulator use(SimulatedDevice device, boolean checking) {
        current = new Simulator(device, checking, current);
        return current;
    }

    /**
     * Adds a library to the device. The real runtime finds providers as services; here they are given, because one made for a real device would call real
     * libraries.
     *
     * @param provider makes the calls of tasks that name its library
     * @return this simulator
     */
    public Simulator with(TornadoLibraryProvider provider) {
        providers.add(provider);
        return this;
    }

    /**
     * Loads kernels without one of their barriers from now on.
     *
     * @param barrier which
     * @return this simulator
     */
    public Simulator without(MissingBarrier barrier) {
        missing = barrier;
        return this;
    }

    /** {@return the device of the moment} */
    public static SimulatedDevice device() {
        return current.device;
    }

    /** {@return what the device of the moment did since it is used} */
    public static Counters counters() {
        return current.counters;
    }

    static List<TornadoLibraryProvider> providers() {
        return current.providers;
    }

    static @Nullable MissingBarrier missing() {
        return current.missing;
    }

    static boolean checking() {
        return current.checking;
    }

    static void count(Counters more) {
        current.counters = current.counters.plus(more);
    }

    /** Back to the device before. */
    @Override
    public void close() {
        if (before != null) {
            current = before;
        }
    }
}
