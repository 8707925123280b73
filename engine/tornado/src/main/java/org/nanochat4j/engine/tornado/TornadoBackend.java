package org.nanochat4j.engine.tornado;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.DeviceBuffer;
import org.nanochat4j.engine.spi.DeviceInfo;

/** Runs programs as TornadoVM task graphs. */
final class TornadoBackend implements Backend {
    private final Capabilities capabilities;
    private final BackendOptions options;
    private final Counters counters = new Counters();
    private final Map<String, String> kernels = new TreeMap<>();
    private final Set<KernelChoice> checked = new HashSet<>();
    private long deviceBytes;
    private final EagerOps eager = new EagerOps(this);

    TornadoBackend(Capabilities capabilities, BackendOptions options) {
        this.capabilities = capabilities;
        this.options = options;
    }

    @Override
    public String name() {
        return TornadoBackendProvider.NAME;
    }

    @Override
    public DeviceInfo device() {
        DeviceInfo info = capabilities.info();
        return options.selfCheck()
                ? info
                : new DeviceInfo(
                        info.name(),
                        info.memoryBytes(),
                        info.threads(),
                        info.path() + ", without self-check",
                        info.features());
    }

    Capabilities capabilities() {
        return capabilities;
    }

    Counters counters() {
        return counters;
    }

    @Override
    public DeviceBuffer allocate(TensorType type) {
        return new TornadoBuffer(type);
    }

    @Override
    public long scratchBytes(Step step) {
        return ScratchNeeds.of(step, capabilities).bytes();
    }

    @Override
    public long blockBytes() {
        return capabilities.arrayBytes();
    }

    @Override
    public List<Executable> compile(MemoryPlan plan, Function<Variable, DeviceBuffer> variables) {
        check(choose(plan));
        PlanCompiler compiler;
        try {
            compiler = PlanCompiler.of(plan, capabilities);
        } catch (RuntimeException | Error e) { // TornadoVM reads a kernel's bytecode when a graph takes it
            throw DeviceErrors.translate("building task graphs", e);
        }
        requireRoom(compiler.bytes());
        List<Executable> executables = compiler.compile(variables, counters, options.progress());
        deviceBytes += compiler.bytes(); // for good: plans are kept until the process ends
        return executables;
    }

    /** Says what is taken before TornadoVM finds out in the middle of a run. */
    private void requireRoom(long bytes) {
        long room = capabilities.memoryBytes() - deviceBytes;
        if (bytes > room) {
            throw new EngineException.OutOfMemory("programs need " + MemoryPlan.human(bytes)
                    + " of the device's memory, "
                    + MemoryPlan.human(Math.max(room, 0)) + " are left: " + MemoryPlan.human(deviceBytes) + " of "
                    + MemoryPlan.human(capabilities.memoryBytes())
                    + " are taken by the self-check and by programs compiled earlier, which stay"
                    + "\n  remedy: use a smaller batch; where NANOCHAT_DEVICE_MEMORY limits it, raise that");
        }
    }

    @Override
    public long deviceBytes() {
        return deviceBytes;
    }

    /** The kernels of all steps of a plan. */
    private Set<KernelChoice> choose(MemoryPlan plan) {
        Set<KernelChoice> choices = new HashSet<>();
        for (MemoryPlan.Layout layout : plan.layouts()) {
            for (Step step : layout.program().steps()) {
                KernelChoice choice = KernelChoice.of(step, capabilities);
                choices.add(choice);
                choices.add(choice.inner());
                kernels.put(KernelChoice.name(step), choice.description());
            }
        }
        return choices;
    }

    private void check(Set<KernelChoice> choices) {
        choices.removeAll(checked);
        if (options.selfCheck() && !choices.isEmpty()) {
            checked.addAll(choices); // the check compiles a plan of its own
            SelfCheck.run(this, capabilities, choices);
        }
    }

    @Override
    public Map<String, String> kernels() {
        return Collections.unmodifiableMap(kernels);
    }

    @Override
    public void run(Op op, List<DeviceBuffer> inputs, List<DeviceBuffer> outputs) {
        eager.run(op, inputs, outputs);
    }

    @Override
    public void close() {
        eager.clear();
    }
}
