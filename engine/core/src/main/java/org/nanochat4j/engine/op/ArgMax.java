package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Index of the largest element of each row, the first on ties.
 *
 * <p>Operand: x (N, V). Result: I32 (N).
 */
public record ArgMax() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).f32(0).rank(0, 2);
        return List.of(TensorType.i32(in.shape(0).dim(0)));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(in.getFirst().elements(), in, out);
    }
}
