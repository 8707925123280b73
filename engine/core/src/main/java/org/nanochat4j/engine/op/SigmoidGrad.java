package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Backward pass of {@link Sigmoid}: {@code dy y (1 - y)}.
 *
 * <p>Operands: y (the result of the forward op), dy of the same type.
 */
public record SigmoidGrad() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0, 1).same(0, 1);
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(3 * in.getFirst().elements(), in, out);
    }

    @Override
    public boolean mayAlias(int input) {
        return true;
    }
}
