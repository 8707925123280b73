package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Sum of the squares of all elements, in a fixed order: the squared Frobenius norm.
 *
 * <p>Operand: x. Result: (1).
 */
public record SumSquares() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).f32(0);
        return List.of(TensorType.f32(1));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        return Arrays.asList(b.input(0).scale(2f).scaleBy(b.gradient()));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(2 * in.getFirst().elements(), in, out);
    }
}
