package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Backward pass of {@link CausalAttention}: recomputes the probabilities tile by tile from the saved log-sum-exp.
 *
 * <p>Operands: q, k, v, y, log-sum-exp, dy. Results: dq, dk, dv. Source: Dao et al. 2022, algorithm 4.
 *
 * @param window as in the forward op
 * @param scale as in the forward op
 */
public record CausalAttentionGrad(int window, float scale) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(6)
                .floating(0, 1, 2, 3, 5)
                .f32(4)
                .rank(0, 4)
                .same(1, 2)
                .same(0, 3)
                .same(0, 5);
        return List.of(in.type(0), in.type(1), in.type(2));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(10 * CausalAttention.pairs(in.getFirst().shape(), window), in, out);
    }
}
