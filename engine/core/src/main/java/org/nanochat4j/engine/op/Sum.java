package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Sum of all elements, in a fixed order.
 *
 * <p>Operand: x. Result: F32 (1).
 */
public record Sum() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0);
        return List.of(TensorType.f32(1));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(dy.apply(new Fill(b.input(0).shape(), 1f), List.of())
                .getFirst()
                .scaleBy(dy)
                .cast(b.input(0).type().dtype()));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(in.getFirst().elements(), in, out);
    }
}
