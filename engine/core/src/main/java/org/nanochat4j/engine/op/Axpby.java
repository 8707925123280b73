package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * A sum with constant weights: {@code alpha * a + beta * b}.
 *
 * <p>Operands: a and b of the same type.
 *
 * @param alpha weight of a
 * @param beta weight of b
 */
public record Axpby(float alpha, float beta) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0, 1).same(0, 1);
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(b.wants(0) ? dy.scale(alpha) : null, b.wants(1) ? dy.scale(beta) : null);
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
