package org.nanochat4j.tornado.simulator;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.tornado.simulator.Step.Consume;
import org.nanochat4j.tornado.simulator.Step.Kernel;
import org.nanochat4j.tornado.simulator.Step.Library;
import org.nanochat4j.tornado.simulator.Step.Persist;
import org.nanochat4j.tornado.simulator.Step.Task;
import org.nanochat4j.tornado.simulator.Step.ToDevice;
import org.nanochat4j.tornado.simulator.Step.ToHost;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** One graph of a plan with its own device memory. */
final class GraphRun {
    private final PlanRun plan;
    private final Graph graph;
    private final Map<TornadoNativeArray, TornadoNativeArray> memory = new IdentityHashMap<>();
    private final Set<TornadoNativeArray> uploaded = identitySet();
    private final Set<TornadoNativeArray> left = identitySet();
    private boolean compiled;
    private boolean isCaptured;
    private @Nullable CudaGraph captured;

    GraphRun(PlanRun plan, Graph graph) {
        this.plan = plan;
        this.graph = graph;
        for (Step step : graph.steps()) {
            if (step instanceof Persist persist) {
                left.addAll(persist.arrays());
            }
            if (step instanceof ToHost transfer && transfer.mode() == DataTransferMode.UNDER_DEMAND) {
                left.addAll(transfer.arrays());
            }
        }
    }

    private static Set<TornadoNativeArray> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    String name() {
        return graph.name();
    }

    /** Lets the launches be captured as a CUDA graph when it runs first. */
    void capture() {
        if (compiled) {
            throw new SimulatorException(
                    "graph '" + name() + "' is compiled, and withCUDAGraph has no effect on it any more\n"
                            + "  remedy: call it, with the graph selected, before withPreCompilation and execute");
        }
        isCaptured = true;
    }

    void compile() {
        if (compiled) {
            return;
        }
        GraphLimits.check(graph);
        for (Step step : graph.steps()) {
            if (step instanceof Kernel kernel) {
                List<Finding> findings = kernel.code().findings();
                if (!findings.isEmpty()) {
                    throw new TornadoBailoutRuntimeException("task " + task(kernel) + " cannot be compiled:\n  "
                            + String.join(
                                    "\n  ",
                                    findings.stream().map(Finding::toString).toList()));
                }
            }
            if (step instanceof Library library) {
                plan.libraries().prepare(task(library), library.call());
            }
            if (step instanceof Task) {
                Simulator.count(Counters.compiled(1));
            }
        }
        compiled = true;
    }

    void execute(@Nullable GraphRun last) {
        compile();
        consume(last);
        replay();
        for (Step step : graph.steps()) {
            switch (step) {
                case ToDevice transfer -> transfer.arrays().forEach(array -> upload(transfer.mode(), array));
                case Kernel kernel -> run(kernel);
                case Library library ->
                    plan.libraries().run(task(library), library.call(), device(library.arguments()));
                case Consume _, Persist _, ToHost _ -> {}
            }
            if (step instanceof Task && !isCaptured) {
                Simulator.count(Counters.launched());
            }
        }
        for (Step step : graph.steps()) {
            if (step instanceof ToHost transfer && transfer.mode() != DataTransferMode.UNDER_DEMAND) {
                transfer.arrays().forEach(array -> toHost(array, 0, array.getNumBytesOfSegment()));
            }
        }
    }

    /** Checks, where launches were captured, that what they were captured with is there, and counts. The tasks then run as they are: they compute the same. */
    private void replay() {
        if (!isCaptured) {
            return;
        }
        if (Simulator.device().driver() != TornadoVMBackendType.CUDA) {
            throw new TornadoBailoutRuntimeException(
                    Simulator.device().getDeviceName() + " does not support execution graphs");
        }
        CudaGraph before = captured;
        if (before == null) {
            captured = CudaGraph.of(graph, this::device);
            Simulator.count(Counters.captured());
        } else {
            before.check(memory);
        }
        Simulator.count(Counters.replayed());
    }

    private String task(Task task) {
        return graph.name() + "." + task.id();
    }

    private void upload(int mode, TornadoNativeArray array) {
        boolean first = uploaded.add(array);
        if (mode == DataTransferMode.EVERY_EXECUTION || mode == DataTransferMode.FIRST_EXECUTION && first) {
            Doors.arrays().cells(device(array)).load(Doors.arrays().cells(array));
            Simulator.count(Counters.uploaded(array.getNumBytesOfSegment()));
        }
    }

    /**
     * Binds what the graph consumes. As the real runtime does: buffers come from the graph that was executed last, all of
     * them unless some are consumed from it by name; the others stay as they were bound before.
     */
    private void consume(@Nullable GraphRun last) {
        List<Consume> consumes = graph.steps().stream()
                .filter(Consume.class::isInstance)
                .map(Consume.class::cast)
                .toList();
        boolean named = last != null
                && consumes.stream().anyMatch(consume -> last.name().equals(consume.graph()));
        for (Consume consume : consumes) {
            for (TornadoNativeArray array : consume.arrays()) {
                if (last != null && (!named || last.name().equals(consume.graph()))) {
                    bind(last, array);
                }
                if (!memory.containsKey(array)) {
                    throw unbound(consume.graph(), last);
                }
            }
        }
    }

    private void bind(GraphRun last, TornadoNativeArray array) {
        TornadoNativeArray buffer = last.memory.get(array);
        if (buffer == null || !last.left.contains(array)) {
            throw new SimulatorException("graph '" + name() + "' consumes an array of " + array.getSize()
                    + " elements, and graph '" + last.name()
                    + "', which was executed last, has not left it on the device\n"
                    + "  remedy: let every graph in between consume and persist it too");
        }
        memory.put(array, buffer);
    }

    private SimulatorException unbound(@Nullable String producer, @Nullable GraphRun last) {
        return new SimulatorException("graph '" + name() + "' consumes from graph '"
                + Objects.requireNonNullElse(producer, "executed last") + "', and "
                + (last == null ? "nothing was executed before" : "'" + last.name() + "' was executed last")
                + "\n  remedy: select and execute the graphs one by one, producers first");
    }

    private void run(Kernel kernel) {
        Object[] arguments = device(kernel.arguments());
        boolean parallelLoops = Arrays.stream(arguments).noneMatch(KernelContext.class::isInstance);
        GridScheduler grids = plan.grids();
        WorkerGrid grid = parallelLoops || grids == null ? null : grids.get(task(kernel));
        if (grid == null && !parallelLoops) {
            throw new SimulatorException("task " + task(kernel) + " takes a KernelContext and has no grid\n"
                    + "  remedy: add one of this name to the plan's GridScheduler");
        }
        Launch.run(kernel.code().name() + " (task " + task(kernel) + ")", kernel.code(), arguments, grid);
    }

    private Object[] device(Object[] arguments) {
        return Arrays.stream(arguments)
                .map(argument -> argument instanceof TornadoNativeArray array ? device(array) : argument)
                .toArray();
    }

    private TornadoNativeArray device(TornadoNativeArray host) {
        return memory.computeIfAbsent(host, array -> {
            plan.allocate(array.getNumBytesOfSegmentWithHeader());
            return Doors.arrays().over(array, Doors.arrays().cells(array).onDevice());
        });
    }

    boolean toHost(TornadoNativeArray array, long offset, long bytes) {
        TornadoNativeArray device = memory.get(array);
        if (device == null) {
            return false;
        }
        MemorySegment.copy(device.getSegment(), offset, array.getSegment(), offset, bytes);
        Simulator.count(Counters.downloaded(bytes));
        return true;
    }

    void free() {
        memory.clear();
        uploaded.clear();
        captured = null;
    }
}
