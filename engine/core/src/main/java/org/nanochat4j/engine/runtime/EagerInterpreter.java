package org.nanochat4j.engine.runtime;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.spi.DeviceBuffer;

/** Computes every op now, with the backend's own kernels. */
final class EagerInterpreter extends Interpreter {
    private final Engine engine;

    EagerInterpreter(Engine engine) {
        this.engine = engine;
    }

    @Override
    protected List<Tensor> execute(Op op, List<Tensor> inputs, List<TensorType> types) {
        List<DeviceBuffer> operands = inputs.stream().map(this::buffer).toList();
        if (op.isView()) {
            TensorType type = types.getFirst();
            return List.of(tensor(type, operands.getFirst().view(type)));
        }
        List<DeviceBuffer> results = new ArrayList<>();
        List<Tensor> tensors = new ArrayList<>();
        for (TensorType type : types) {
            DeviceBuffer buffer = engine.backend().allocate(type);
            results.add(buffer);
            tensors.add(tensor(type, buffer));
        }
        engine.backend().run(op, operands, results);
        return tensors;
    }

    DeviceBuffer buffer(Tensor tensor) {
        return switch (handle(tensor)) {
            case Variable variable -> engine.buffer(variable);
            case DeviceBuffer buffer -> buffer;
            default -> throw new IllegalStateException("not a tensor of this engine: " + tensor);
        };
    }

    Tensor constant(TensorType type, DeviceBuffer buffer) {
        return tensor(type, buffer);
    }
}
