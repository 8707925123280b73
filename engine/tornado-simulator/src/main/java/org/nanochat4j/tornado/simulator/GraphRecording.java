package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A task graph in the making. */
public final class GraphRecording {
    private final String name;
    private final List<Step> steps = new ArrayList<>();
    private final Set<String> ids = new HashSet<>();

    /** An empty graph. */
    public GraphRecording(String name) {
        this.name = name;
    }

    /** {@return the name} */
    public String name() {
        return name;
    }

    /** Adds copies to the device. */
    public void toDevice(int mode, List<Object> arrays) {
        steps.add(new Step.ToDevice(mode, arrays(arrays)));
    }

    /** Adds copies to the host. */
    public void toHost(int mode, List<Object> arrays) {
        steps.add(new Step.ToHost(mode, arrays(arrays)));
    }

    /** Leaves arrays to other graphs. */
    public void persist(List<Object> arrays) {
        steps.add(new Step.Persist(arrays(arrays)));
    }

    /** Takes arrays from another graph. */
    public void consume(@Nullable String graph, List<Object> arrays) {
        steps.add(new Step.Consume(graph, arrays(arrays)));
    }

    /** Adds a kernel; its scalars are frozen now. */
    public void kernel(String id, Object code, Object[] arguments) {
        named(id);
        KernelCode kernel = KernelCode.of(code);
        steps.add(new Step.Kernel(id, kernel, arguments.clone(), kernel.writtenParameters()));
    }

    /** Adds a library call; its scalars are frozen now. */
    public void library(String id, LibraryTaskDescriptor call) {
        named(id);
        steps.add(new Step.Library(id, call));
    }

    /** {@return the finished graph} */
    public Graph snapshot() {
        return new Graph(name, steps);
    }

    private void named(String id) {
        if (!ids.add(id)) {
            throw new TornadoRuntimeException("two tasks of graph '" + name + "' are called '" + id + "'");
        }
    }

    private List<TornadoNativeArray> arrays(List<Object> objects) {
        return objects.stream()
                .map(object -> {
                    if (object instanceof TornadoNativeArray array) {
                        return array;
                    }
                    throw new TornadoRuntimeException("graph '" + name + "' is to transfer a "
                            + object.getClass().getName() + "; the simulated device knows native arrays only");
                })
                .toList();
    }
}
