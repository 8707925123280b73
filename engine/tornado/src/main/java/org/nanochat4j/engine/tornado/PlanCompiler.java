package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;
import org.nanochat4j.engine.spi.DeviceBuffer;
import org.nanochat4j.engine.spi.Progress;
import uk.ac.manchester.tornado.api.KernelContext;

/** From a memory plan to executables: places everything, lowers steps to tasks, cuts them into graphs and compiles these. */
final class PlanCompiler {
    private final KernelContext context = new KernelContext();
    private final MemoryPlan plan;
    private final Capabilities capabilities;
    private final Placement placement;
    private final Graphs graphs;
    private final List<Part> parts = new ArrayList<>();

    /**
     * One program of the plan on its way.
     *
     * @param layout its memory
     * @param indices its graphs, in order
     * @param steps the step that each graph ends with
     */
    private record Part(MemoryPlan.Layout layout, int[] indices, int[] steps) {}

    private PlanCompiler(MemoryPlan plan, Capabilities capabilities) {
        this.plan = plan;
        this.capabilities = capabilities;
        this.placement = new Placement(plan, ScratchNeeds.of(plan, capabilities), capabilities.arrayBytes());
        this.graphs = new Graphs(context, placement.banks());
    }

    /**
     * Prepares all programs of a plan.
     *
     * @param plan where everything goes
     * @param capabilities the device's
     * @return the compiler, with graphs that are not compiled yet
     */
    static PlanCompiler of(MemoryPlan plan, Capabilities capabilities) {
        PlanCompiler compiler = new PlanCompiler(plan, capabilities);
        for (MemoryPlan.Layout layout : plan.layouts()) {
            List<Task> tasks = new ArrayList<>();
            for (List<Task> step : compiler.tasks(layout)) {
                tasks.addAll(step);
            }
            compiler.add(layout, Segmenter.cut(tasks, compiler.placement.banks().size()), new int[0]);
        }
        return compiler;
    }

    /** Prepares one program of a plan with graphs for each of its steps, in memory of its own, so that it can be watched. */
    private static PlanCompiler stepByStep(MemoryPlan plan, Capabilities capabilities, MemoryPlan.Layout layout) {
        PlanCompiler compiler = new PlanCompiler(plan, capabilities);
        List<List<Task>> segments = new ArrayList<>();
        List<Integer> ends = new ArrayList<>();
        List<List<Task>> steps = compiler.tasks(layout);
        for (int step = 0; step < steps.size(); step++) {
            for (List<Task> segment :
                    Segmenter.cut(steps.get(step), compiler.placement.banks().size())) {
                segments.add(segment);
                ends.add(step);
            }
        }
        compiler.add(layout, segments, ends.stream().mapToInt(Integer::intValue).toArray());
        return compiler;
    }

    private void add(MemoryPlan.Layout layout, List<List<Task>> segments, int[] steps) {
        Program program = layout.program();
        parts.add(new Part(layout, graphs.addProgram(program.name(), streamed(program), segments), steps));
    }

    /** The tasks of each step of a program; none for views. */
    private List<List<Task>> tasks(MemoryPlan.Layout layout) {
        List<Step> steps = layout.program().steps();
        return IntStream.range(0, steps.size())
                .mapToObj(index -> tasks(layout, steps.get(index), "t" + index + "_"))
                .toList();
    }

    private List<Task> tasks(MemoryPlan.Layout layout, Step step, String prefix) {
        if (step.op().isView()) {
            return List.of();
        }
        List<Place> in = places(layout, step.inputs());
        List<Place> out = places(layout, step.outputs());
        return Lowering.tasks(
                new Work(context, capabilities, step, prefix, in, out, placement.scratch(), placement.scratchHalves()));
    }

    private List<Place> places(MemoryPlan.Layout layout, List<Value> values) {
        return values.stream().map(value -> placement.place(layout, value)).toList();
    }

    private List<Bank> streamed(Program program) {
        return program.variables().stream()
                .map(variable -> placement.place(variable).bank())
                .filter(bank -> bank.use() == Bank.Use.STREAMED)
                .distinct()
                .toList();
    }

    /** Bytes that all arrays take on the device. */
    long bytes() {
        return graphs.bytes();
    }

    /** How many tasks each graph of each program has. */
    List<List<Integer>> segments() {
        return parts.stream()
                .map(part ->
                        Arrays.stream(part.indices()).map(graphs::tasks).boxed().toList())
                .toList();
    }

    /**
     * Compiles all kernels.
     *
     * @param variables the memory of each variable
     * @param counters what is asked of the device
     * @param progress who is told of it
     * @return one executable for each program, in order
     */
    List<Executable> compile(Function<Variable, DeviceBuffer> variables, Counters counters, Progress progress) {
        DevicePlan device =
                new DevicePlan(graphs, counters, capabilities.graphs().used());
        device.compile(progress);
        Map<Variable, Home> homes = new IdentityHashMap<>();
        placement.places().forEach((variable, place) -> {
            Memory memory = TornadoBuffer.of(variables.apply(variable)).memory();
            int elements = Math.toIntExact(variable.type().elements());
            homes.put(variable, new Home(memory, place, elements, device));
        });
        List<Executable> executables = new ArrayList<>();
        for (Part part : parts) {
            executables.add(executable(device, part, homes, variables, counters));
        }
        return List.copyOf(executables);
    }

    private TornadoExecutable executable(
            DevicePlan device,
            Part part,
            Map<Variable, Home> homes,
            Function<Variable, DeviceBuffer> variables,
            Counters counters) {
        Program program = part.layout().program();
        Map<Bank, List<Home>> resident = new IdentityHashMap<>();
        List<Home> inputs = new ArrayList<>();
        List<Home> written = new ArrayList<>();
        for (Variable variable : program.variables()) {
            Home home = Objects.requireNonNull(homes.get(variable));
            Bank bank = home.place().bank();
            if (bank.use() == Bank.Use.STREAMED) {
                inputs.add(home);
            } else {
                resident.computeIfAbsent(bank, _ -> new ArrayList<>()).add(home);
            }
            if (Placement.isWritten(program, variable)) {
                written.add(home);
            }
        }
        List<TornadoExecutable.BankHomes> groups = new ArrayList<>();
        resident.forEach((bank, members) -> {
            members.sort(Comparator.comparingInt(home -> home.place().at()));
            groups.add(new TornadoExecutable.BankHomes(bank, List.copyOf(members)));
        });
        return new TornadoExecutable(
                program,
                device,
                part.indices(),
                part.steps(),
                new TornadoExecutable.Touched(groups, inputs, written),
                value -> placement.place(part.layout(), value),
                () -> (TornadoExecutable) stepByStep(plan, capabilities, part.layout())
                        .compile(variables, counters, Progress.NONE)
                        .getFirst());
    }
}
