package org.nanochat4j.engine.tornado;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
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
        return capabilities.info();
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
        return Float.BYTES * ScratchNeeds.floats(step);
    }

    @Override
    public long blockBytes() {
        return capabilities.arrayBytes();
    }

    @Override
    public List<Executable> compile(MemoryPlan plan, Function<Variable, DeviceBuffer> variables) {
        return new PlanCompiler(plan, blockBytes()).compile(variables, counters, options.progress());
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
