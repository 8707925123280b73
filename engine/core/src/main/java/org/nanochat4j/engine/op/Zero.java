package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Sets a variable to zero in place.
 *
 * <p>Operand: the variable. No result.
 */
public record Zero() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0);
        return List.of();
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in, out);
    }

    @Override
    public boolean writes(int input) {
        return input == 0;
    }
}
