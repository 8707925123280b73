package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.DeviceBuffer;

/**
 * Runs single ops: each becomes a program over variables of its own, into and out of which the operands are copied by way of the host. Compiled ones are kept for
 * the next time; this is for tests and for small things, not for speed.
 */
final class EagerOps {
    private static final int MOST_KEPT = 64;

    private final Backend backend;
    private final Map<Key, Compiled> kept = new LinkedHashMap<>(MOST_KEPT, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Compiled> eldest) {
            return size() > MOST_KEPT;
        }
    };

    private record Key(Op op, List<TensorType> inputs) {}

    private record Compiled(Executable executable, List<DeviceBuffer> inputs, List<DeviceBuffer> outputs) {}

    EagerOps(Backend backend) {
        this.backend = backend;
    }

    void run(Op op, List<DeviceBuffer> inputs, List<DeviceBuffer> outputs) {
        Key key = new Key(op, inputs.stream().map(DeviceBuffer::type).toList());
        Compiled compiled = kept.computeIfAbsent(key, this::compile);
        for (int i = 0; i < inputs.size(); i++) {
            copy(inputs.get(i), compiled.inputs().get(i));
        }
        compiled.executable().run();
        for (int i = 0; i < inputs.size(); i++) {
            if (op.writes(i)) {
                copy(compiled.inputs().get(i), inputs.get(i));
            }
        }
        for (int i = 0; i < outputs.size(); i++) {
            copy(compiled.outputs().get(i), outputs.get(i));
        }
    }

    private static void copy(DeviceBuffer from, DeviceBuffer to) {
        MemorySegment bytes = TornadoBuffer.of(from).memory().host();
        to.write(0, bytes);
    }

    private Compiled compile(Key key) {
        Recorder recorder = new Recorder(key.op().name());
        Map<Variable, DeviceBuffer> buffers = new IdentityHashMap<>();
        List<DeviceBuffer> inputs = new ArrayList<>();
        List<Tensor> operands = new ArrayList<>();
        for (TensorType type : key.inputs()) {
            Variable variable = new Variable("operand" + inputs.size(), type, Variable.Role.INPUT);
            inputs.add(buffer(variable, buffers));
            operands.add(recorder.use(variable));
        }
        List<DeviceBuffer> outputs = new ArrayList<>();
        for (Tensor result : apply(recorder, key.op(), operands)) {
            Variable variable = new Variable("result" + outputs.size(), result.type(), Variable.Role.OUTPUT);
            outputs.add(buffer(variable, buffers));
            recorder.apply(new Assign(), List.of(recorder.use(variable), result));
        }
        MemoryPlan plan = MemoryPlan.of(List.of(recorder.finish()), backend::scratchBytes, backend.blockBytes());
        return new Compiled(backend.compile(plan, buffers::get).getFirst(), inputs, outputs);
    }

    private static List<Tensor> apply(Interpreter interpreter, Op op, List<Tensor> operands) {
        return interpreter.apply(op, operands);
    }

    private DeviceBuffer buffer(Variable variable, Map<Variable, DeviceBuffer> buffers) {
        DeviceBuffer buffer = backend.allocate(variable.type());
        buffers.put(variable, buffer);
        return buffer;
    }

    void clear() {
        kept.clear();
    }
}
