package org.nanochat4j.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/** A program as an array of bound kernels. */
final class CpuExecutable implements Executable {
    private final Program program;
    private final List<Step> steps;
    private final Kernel[] single;
    private final Kernel[] kernels;

    /** Where each value is, by its id; kernels know this memory only by address. */
    private final MemorySegment[] values;

    /** The kernels' own memory, which they know only by address. */
    @SuppressWarnings({"unused", "FieldCanBeLocal"}) // keeps the memory reachable
    private final MemorySegment scratch;

    /**
     * A compiled program.
     *
     * @param single one for each step that is not a view, which does no more than that step
     * @param kernels the same, or fused ones: for runs of the whole program
     * @param values memory by the values' ids
     */
    CpuExecutable(Program program, Kernel[] single, Kernel[] kernels, MemorySegment[] values, MemorySegment scratch) {
        this.program = program;
        this.steps = computing(program);
        this.single = single;
        this.kernels = kernels;
        this.values = values;
        this.scratch = scratch;
    }

    /** The steps that have a kernel. */
    static List<Step> computing(Program program) {
        return program.steps().stream().filter(step -> !step.op().isView()).toList();
    }

    @Override
    public void run() {
        for (int i = 0; i < kernels.length; i++) {
            run(kernels, i);
        }
    }

    @Override
    public void run(Observer observer) {
        int kernel = 0;
        for (int index = 0; index < program.steps().size(); index++) {
            Step step = program.steps().get(index);
            if (!step.op().isView()) {
                run(single, kernel++);
                if (!observer.after(index, step, this::read)) {
                    return;
                }
            }
        }
    }

    private void run(Kernel[] kernels, int kernel) {
        try {
            kernels[kernel].run();
        } catch (EngineException.BadData e) {
            Step step = steps.get(kernel);
            throw new EngineException.BadData(step.op().name() + " in program " + program.name() + ": " + e.getMessage()
                    + "\n  at " + step.callSite());
        }
    }

    private void read(Value value, long offset, MemorySegment target) {
        MemorySegment.copy(values[value.id()], offset, target, 0, target.byteSize());
    }
}
