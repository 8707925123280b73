package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Root-mean-square normalisation over the last dimension, without weights: {@code y = x / sqrt(mean(x²) + eps)}.
 *
 * <p>Operand: x (..., C). Result: the same type. Statistics in F32. Source: Zhang and Sennrich 2019, equation 4.
 *
 * @param eps added to the mean square
 */
public record RmsNorm(float eps) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0);
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(dy.apply(new RmsNormGrad(eps), b.input(0), dy));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(3 * in.getFirst().elements(), in, out);
    }
}
