package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * A sum with learned weights: {@code s * a + t * b}.
 *
 * <p>Operands: s F32 (1), a, t F32 (1), b; a and b of the same type.
 */
public record Mix() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(4).floating(1, 3).f32(0, 2).scalar(0).scalar(2).same(1, 3);
        return List.of(in.type(1));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(
                b.wants(0) ? dy.dot(b.input(1)).reshape(b.input(0).shape()) : null,
                b.wants(1) ? dy.scaleBy(b.input(0)) : null,
                b.wants(2) ? dy.dot(b.input(3)).reshape(b.input(2).shape()) : null,
                b.wants(3) ? dy.scaleBy(b.input(2)) : null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(3 * out.getFirst().elements(), in, out);
    }

    @Override
    public boolean mayAlias(int input) {
        return input == 1 || input == 3;
    }
}
