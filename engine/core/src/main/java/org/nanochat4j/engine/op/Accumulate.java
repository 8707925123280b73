package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Adds a value to a variable in place: {@code a += b}.
 *
 * <p>Operands: a variable, b of the same type. No result.
 */
public record Accumulate() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0, 1).same(0, 1);
        return List.of();
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(in.getFirst().elements(), in, in.subList(0, 1));
    }

    @Override
    public boolean writes(int input) {
        return input == 0;
    }
}
