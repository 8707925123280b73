package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Product with a single number held in a tensor: {@code s * x}.
 *
 * <p>Operands: x, s F32 (1). Result: the type of x.
 */
public record ScaleBy() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0).f32(1).scalar(1);
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(
                b.wants(0) ? dy.scaleBy(b.input(1)) : null,
                b.wants(1) ? dy.dot(b.input(0)).reshape(b.input(1).shape()) : null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(in.getFirst().elements(), in, out);
    }

    @Override
    public boolean mayAlias(int input) {
        return input == 0;
    }
}
