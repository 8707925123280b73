package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Product of elements: {@code a ∘ b}.
 *
 * <p>Operands: a and b of the same type.
 */
public record Mul() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0, 1).same(0, 1);
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(b.wants(0) ? dy.mul(b.input(1)) : null, b.wants(1) ? dy.mul(b.input(0)) : null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(in.getFirst().elements(), in, out);
    }

    @Override
    public boolean mayAlias(int input) {
        return true;
    }
}
