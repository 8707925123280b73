package org.nanochat4j.tornado.simulator;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** The launches of a graph as they were captured: with the addresses that arrays had on the device then. */
final class CudaGraph {
    private final String name;
    private final Map<TornadoNativeArray, TornadoNativeArray> buffers = new IdentityHashMap<>();

    private CudaGraph(String name) {
        this.name = name;
    }

    /**
     * Captures a graph.
     *
     * @param graph which
     * @param device from an array to its buffer on the device
     */
    static CudaGraph of(Graph graph, UnaryOperator<TornadoNativeArray> device) {
        CudaGraph captured = new CudaGraph(graph.name());
        for (Step step : graph.steps()) {
            switch (step) {
                case Step.Task task ->
                    Arrays.stream(task.arguments())
                            .filter(TornadoNativeArray.class::isInstance)
                            .map(TornadoNativeArray.class::cast)
                            .forEach(array -> captured.buffers.put(array, device.apply(array)));
                case Step.ToDevice transfer ->
                    transfer.arrays().forEach(array -> captured.buffers.put(array, device.apply(array)));
                case Step.Consume _, Step.Persist _, Step.ToHost _ -> {}
            }
        }
        return captured;
    }

    /** A captured address that is another array's now is a fault on a device, or a silent error. */
    void check(Map<TornadoNativeArray, TornadoNativeArray> now) {
        buffers.forEach((array, buffer) -> {
            if (now.get(array) != buffer) {
                throw new SimulatorException(
                        "graph '" + name + "' was captured as a CUDA graph, and its array of "
                                + array.getSize() + " elements has another buffer now\n"
                                + "  remedy: let it consume the array from the same graphs in the same order every time, or do not capture it");
            }
        });
    }
}
