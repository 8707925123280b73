package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Backward pass of {@link RmsNorm}: {@code (dy - y mean(dy ∘ y)) / rms}, recomputing the root mean square from x.
 *
 * <p>Operands: x, dy (..., C) of the same type.
 *
 * @param eps as in the forward op
 */
public record RmsNormGrad(float eps) implements Op {
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
        return Cost.of(8 * in.getFirst().elements(), in, out);
    }
}
