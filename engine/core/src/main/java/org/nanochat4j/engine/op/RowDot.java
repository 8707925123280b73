package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Dot product of each pair of rows: sum over the last dimension of {@code a ∘ b}.
 *
 * <p>Operands: a and b (..., C) of the same type. Result: (...).
 */
public record RowDot() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0, 1).same(0, 1);
        return List.of(in.type(0).withShape(in.shape(0).dropLast()));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(
                b.wants(0) ? b.input(1).scaleRows(dy) : null,
                b.wants(1) ? b.input(0).scaleRows(dy) : null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(2 * in.getFirst().elements(), in, out);
    }
}
