package org.nanochat4j.tornado.simulator;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.nanochat4j.tornado.simulator.Step.Consume;
import org.nanochat4j.tornado.simulator.Step.Kernel;
import org.nanochat4j.tornado.simulator.Step.Library;
import org.nanochat4j.tornado.simulator.Step.Persist;
import org.nanochat4j.tornado.simulator.Step.ToDevice;
import org.nanochat4j.tornado.simulator.Step.ToHost;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** One graph of a plan with its own device memory. */
final class GraphRun {
    private final PlanRun plan;
    private final Graph graph;
    private final Map<TornadoNativeArray, TornadoNativeArray> memory = new IdentityHashMap<>();
    private final Set<TornadoNativeArray> uploaded = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean compiled;

    GraphRun(PlanRun plan, Graph graph) {
        this.plan = plan;
        this.graph = graph;
    }

    void compile() {
        if (!compiled) {
            compiled = true;
        }
    }

    void execute() {
        compile();
        for (Step step : graph.steps()) {
            switch (step) {
                case ToDevice transfer -> transfer.arrays().forEach(array -> upload(transfer.mode(), array));
                case Consume consume -> consume.arrays().forEach(array -> bind(consume, array));
                case Kernel kernel -> run(kernel);
                case Library library -> Libraries.run(library.call(), device(library.arguments()));
                case Persist _, ToHost _ -> {}
            }
        }
        for (Step step : graph.steps()) {
            if (step instanceof ToHost transfer && transfer.mode() != DataTransferMode.UNDER_DEMAND) {
                transfer.arrays().forEach(array -> toHost(array, 0, array.getNumBytesOfSegment()));
            }
        }
    }

    private void upload(int mode, TornadoNativeArray array) {
        if (uploaded.add(array) || mode == DataTransferMode.EVERY_EXECUTION) {
            device(array).getSegment().copyFrom(array.getSegment());
        }
    }

    private void bind(Consume consume, TornadoNativeArray array) {
        GraphRun producer = plan.producer(consume.graph());
        TornadoNativeArray left = producer == null ? null : producer.memory.get(array);
        if (left == null) {
            throw new SimulatorException("graph '" + graph.name() + "' consumes an array that graph '" + consume.graph()
                    + "' has not left on the device");
        }
        memory.put(array, left);
    }

    private void run(Kernel kernel) {
        Object[] arguments = device(kernel.arguments());
        String name = graph.name() + "." + kernel.id();
        if (Arrays.stream(arguments).noneMatch(KernelContext.class::isInstance)) {
            kernel.code().run(arguments);
            return;
        }
        GridScheduler grids = plan.grids();
        WorkerGrid grid = grids == null ? null : grids.get(name);
        if (grid == null) {
            throw new SimulatorException("task " + name + " takes a KernelContext and has no grid\n"
                    + "  remedy: add one of this name to the plan's GridScheduler");
        }
        new Launch(name, kernel.code(), arguments, grid).run();
    }

    private Object[] device(Object[] arguments) {
        return Arrays.stream(arguments)
                .map(argument -> argument instanceof TornadoNativeArray array ? device(array) : argument)
                .toArray();
    }

    private TornadoNativeArray device(TornadoNativeArray host) {
        return memory.computeIfAbsent(
                host,
                array -> Doors.arrays().over(array, Doors.arrays().cells(array).poisoned()));
    }

    boolean toHost(TornadoNativeArray array, long offset, long bytes) {
        TornadoNativeArray device = memory.get(array);
        if (device == null) {
            return false;
        }
        MemorySegment.copy(device.getSegment(), offset, array.getSegment(), offset, bytes);
        return true;
    }

    void free() {
        memory.clear();
        uploaded.clear();
    }
}
