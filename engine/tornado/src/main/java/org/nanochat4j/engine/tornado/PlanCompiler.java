package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
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
    private final Placement placement;
    private final Graphs graphs;
    private final List<int[]> programs = new ArrayList<>();

    PlanCompiler(MemoryPlan plan, long mostBytes) {
        this.plan = plan;
        this.placement = new Placement(plan, mostBytes);
        this.graphs = new Graphs(context, placement.banks());
        for (MemoryPlan.Layout layout : plan.layouts()) {
            List<List<Task>> segments =
                    Segmenter.cut(tasks(layout), placement.banks().size());
            programs.add(graphs.addProgram(layout.program().name(), streamed(layout.program()), segments));
        }
    }

    private List<Task> tasks(MemoryPlan.Layout layout) {
        List<Task> tasks = new ArrayList<>();
        List<Step> steps = layout.program().steps();
        for (int index = 0; index < steps.size(); index++) {
            Step step = steps.get(index);
            if (!step.op().isView()) {
                tasks.addAll(Lowering.tasks(new Work(
                        context,
                        step,
                        "t" + index + "_",
                        places(layout, step.inputs()),
                        places(layout, step.outputs()),
                        placement.scratch())));
            }
        }
        return tasks;
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

    /** The graphs of each program, by number of tasks. */
    List<List<Integer>> segments() {
        return programs.stream()
                .map(indices -> java.util.Arrays.stream(indices)
                        .map(graphs::tasks)
                        .boxed()
                        .toList())
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
        DevicePlan device = new DevicePlan(graphs, counters);
        device.compile(progress);
        Map<Variable, Home> homes = new IdentityHashMap<>();
        placement.places().forEach((variable, place) -> {
            Memory memory = TornadoBuffer.of(variables.apply(variable)).memory();
            homes.put(
                    variable,
                    new Home(memory, place, Math.toIntExact(variable.type().elements()), device));
        });
        List<Executable> executables = new ArrayList<>();
        for (int i = 0; i < programs.size(); i++) {
            Program program = plan.layouts().get(i).program();
            executables.add(executable(device, program, programs.get(i), homes, counters));
        }
        return List.copyOf(executables);
    }

    private TornadoExecutable executable(
            DevicePlan device, Program program, int[] indices, Map<Variable, Home> homes, Counters counters) {
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
        long streamedElements =
                streamed(program).stream().mapToLong(Bank::elements).sum();
        return new TornadoExecutable(device, indices, groups, inputs, written, streamedElements, counters);
    }
}
