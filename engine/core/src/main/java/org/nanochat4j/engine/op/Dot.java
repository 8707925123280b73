package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Sum of products: {@code Σ a ∘ b}, added up in a fixed order.
 *
 * <p>Operands: a and b of the same type. Result: F32 (1).
 */
public record Dot() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0, 1).same(0, 1);
        return List.of(TensorType.f32(1));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(
                b.wants(0) ? b.input(1).scaleBy(dy) : null,
                b.wants(1) ? b.input(0).scaleBy(dy) : null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(2 * in.getFirst().elements(), in, out);
    }
}
