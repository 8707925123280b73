package org.nanochat4j.engine.cpu;

import java.util.List;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Step;

/** A program as an array of bound kernels. */
final class CpuExecutable implements Executable {
    private final String name;
    private final List<Step> steps;
    private final Kernel[] kernels;

    /** Memory that the kernels know only by address. */
    @SuppressWarnings({"unused", "FieldCanBeLocal"}) // keeps the memory reachable
    private final List<Object> kept;

    CpuExecutable(String name, List<Step> steps, Kernel[] kernels, List<Object> kept) {
        this.name = name;
        this.steps = steps;
        this.kernels = kernels;
        this.kept = List.copyOf(kept);
    }

    @Override
    public void run() {
        for (int i = 0; i < kernels.length; i++) {
            try {
                kernels[i].run();
            } catch (EngineException.BadData e) {
                Step step = steps.get(i);
                throw new EngineException.BadData(
                        step.op().name() + " in program " + name + ": " + e.getMessage() + "\n  at " + step.callSite());
            }
        }
    }
}
