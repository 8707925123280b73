package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Sum of the squares of all elements, in a fixed order: the squared Frobenius norm.
 *
 * <p>Operand: x. Result: F32 (1).
 */
public record SumSquares() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0);
        return List.of(TensorType.f32(1));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        // The incoming gradient is the operand that surely has an interpreter, and doubling it is one multiplication.
        Tensor twice = b.gradient().scale(2f);
        return Arrays.asList(twice.apply(new ScaleBy(), b.input(0), twice));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(2 * in.getFirst().elements(), in, out);
    }
}
