package uk.ac.manchester.tornado.api;

import java.util.Arrays;
import org.nanochat4j.tornado.simulator.PlanRun;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Task graphs that run on a device, compiled once. */
public class TornadoExecutionPlan implements AutoCloseable {
    /** The runtime's default device. */
    public static TornadoDevice DEFAULT_DEVICE =
            TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();

    private final PlanRun run;

    /** A plan of these graphs. */
    public TornadoExecutionPlan(ImmutableTaskGraph... immutableTaskGraphs) {
        run = new PlanRun(Arrays.stream(immutableTaskGraphs)
                .map(ImmutableTaskGraph::graph)
                .toList());
    }

    /** {@return a device by its driver's and its own number} */
    public static TornadoDevice getDevice(int driverIndex, int deviceIndex) {
        return TornadoRuntimeProvider.getTornadoRuntime()
                .getBackend(driverIndex)
                .getDevice(deviceIndex);
    }

    /** {@return all devices} */
    public static TornadoDeviceMap getTornadoDeviceMap() {
        return new TornadoDeviceMap();
    }

    /** Runs the selected graphs and waits for them. */
    public TornadoExecutionResult execute() {
        run.execute();
        return new TornadoExecutionResult(run);
    }

    /** Selects one graph. */
    public TornadoExecutionPlan withGraph(int graphIndex) {
        run.select(graphIndex);
        return this;
    }

    /** Selects all graphs. */
    public TornadoExecutionPlan withAllGraphs() {
        run.selectAll();
        return this;
    }

    /** Compiles the selected graphs now. */
    public TornadoExecutionPlan withPreCompilation() {
        run.compile();
        return this;
    }

    /** Chooses the device. */
    public TornadoExecutionPlan withDevice(TornadoDevice device) {
        return this;
    }

    /** {@return a graph's device} */
    public TornadoDevice getDevice(int immutableTaskGraphIndex) {
        return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    }

    /** Gives the device's memory back. */
    public TornadoExecutionPlan freeDeviceMemory() {
        run.free();
        return this;
    }

    /** Sets the grids of all tasks. */
    public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
        run.grids(gridScheduler);
        return this;
    }

    /** Measures times. */
    public TornadoExecutionPlan withProfiler(ProfilerMode profilerMode) {
        return this;
    }

    /** Measures no times. */
    public TornadoExecutionPlan withoutProfiler() {
        return this;
    }

    /** Sets flags of a driver's compiler. */
    public TornadoExecutionPlan withCompilerFlags(TornadoVMBackendType backend, String compilerFlags) {
        return this;
    }

    /** Lets the selected graphs capture their launches when they run first, and replay them as one from then on. */
    public TornadoExecutionPlan withCUDAGraph() {
        run.capture();
        return this;
    }

    /** {@return bytes on the device} */
    public long getCurrentDeviceMemoryUsage() {
        return run.bytes();
    }

    @Override
    public void close() throws TornadoExecutionPlanException {
        run.close();
    }
}
