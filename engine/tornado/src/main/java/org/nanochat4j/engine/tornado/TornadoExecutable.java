package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Value;

/** A program as task graphs in order, with the variables that it touches. */
final class TornadoExecutable implements Executable {
    private final Program program;
    private final DevicePlan plan;
    private final int[] graphs;
    private final int[] steps;
    private final Touched touched;
    private final Function<Value, Place> places;
    private final Supplier<TornadoExecutable> stepByStep;
    private @Nullable TornadoExecutable watched;

    /**
     * Variables of one bank that a program touches.
     *
     * @param bank which
     * @param homes in the order of their places
     */
    record BankHomes(Bank bank, List<Home> homes) {}

    /**
     * The variables that a program touches.
     *
     * @param resident those that stay on the device, by bank
     * @param streamed inputs that come along with every run
     * @param written those that the program writes
     */
    record Touched(List<BankHomes> resident, List<Home> streamed, List<Home> written) {}

    /**
     * An executable.
     *
     * @param program what it runs
     * @param plan where its graphs are
     * @param graphs their indices
     * @param steps the step that each graph ends with; empty where graphs hold many steps
     * @param touched its variables
     * @param places where each value is
     * @param stepByStep the same program with graphs for each step
     */
    TornadoExecutable(
            Program program,
            DevicePlan plan,
            int[] graphs,
            int[] steps,
            Touched touched,
            Function<Value, Place> places,
            Supplier<TornadoExecutable> stepByStep) {
        this.program = program;
        this.plan = plan;
        this.graphs = graphs;
        this.steps = steps;
        this.touched = touched;
        this.places = places;
        this.stepByStep = stepByStep;
    }

    @Override
    public void run() {
        if (graphs.length == 0) {
            return;
        }
        bringVariables();
        for (int graph : graphs) {
            plan.run(graph);
        }
        touched.written().forEach(Home::changed);
    }

    /** Compiles graphs for each step, with memory of their own on the device, when it is first asked for. */
    @Override
    public void run(Observer observer) {
        TornadoExecutable each = watched;
        if (each == null) {
            each = stepByStep.get();
            watched = each;
        }
        each.runSteps(observer);
    }

    private void runSteps(Observer observer) {
        bringVariables();
        boolean goOn = true;
        for (int i = 0; i < graphs.length && goOn; i++) {
            plan.run(graphs[i]);
            if (i + 1 == graphs.length || steps[i + 1] != steps[i]) {
                goOn = observer.after(steps[i], program.steps().get(steps[i]), this::read);
            }
        }
        touched.written().forEach(Home::changed);
    }

    private void read(Value value, long offset, MemorySegment target) {
        plan.read(places.apply(value), offset, target);
    }

    private void bringVariables() {
        for (BankHomes group : touched.resident()) {
            List<Home> stale = new ArrayList<>();
            for (Home home : group.homes()) {
                if (home.isStale()) {
                    stale.add(home);
                }
            }
            if (!stale.isEmpty()) {
                plan.upload(group.bank(), stale);
            }
        }
        for (Home home : touched.streamed()) {
            if (home.isStale()) {
                home.place().bank().host(home.place().at(), home.elements()).copyFrom(home.arriving());
            }
        }
    }
}
