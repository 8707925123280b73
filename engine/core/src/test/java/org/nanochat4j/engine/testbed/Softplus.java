package org.nanochat4j.engine.testbed;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.op.Backward;
import org.nanochat4j.engine.op.CustomBuffer;
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.op.Operands;

/** {@code log(1 + exp(x))}, as a user would add it. */
public record Softplus() implements CustomOp {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0);
        return List.of(in.type(0));
    }

    /** {@code dx = dy sigmoid(x)} */
    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        return Arrays.asList(b.gradient().mul(b.input(0).sigmoid()));
    }

    @Override
    public void compute(List<CustomBuffer> inputs, List<CustomBuffer> outputs) {
        CustomBuffer x = inputs.getFirst();
        for (long i = 0; i < x.type().elements(); i++) {
            double value = x.get(i);
            outputs.getFirst().set(i, Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value))));
        }
    }
}
