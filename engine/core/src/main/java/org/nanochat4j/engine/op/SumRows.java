package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Sum over all dimensions but the last, in a fixed order: the gradient of a row vector that was added to every row.
 *
 * <p>Operand: x (..., C). Result: F32 (C).
 */
public record SumRows() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0);
        return List.of(TensorType.f32(in.shape(0).last()));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(dy.apply(new Fill(b.input(0).shape(), 0f), List.of())
                .getFirst()
                .add(dy)
                .cast(b.input(0).type().dtype()));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(in.getFirst().elements(), in, out);
    }
}
