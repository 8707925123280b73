package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Draws one token per row: the k largest logits are divided by the temperature, and the inverse of their cumulative softmax is taken at a uniform number.
 *
 * <p>Operands: logits (N, V), temperature (1), uniform numbers in [0, 1) (N). Result: I32 (N). With fewer than V candidates they are ordered by falling logit, ties by rising
 * id; with all of them by id. Temperature 0 takes the largest, the first on ties.
 *
 * @param k how many candidates; 0 or at least V means all
 */
public record TopKSample(int k) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(3)
                .f32(0, 1, 2)
                .rank(0, 2)
                .scalar(1)
                .shape(2, Shape.of(in.shape(0).dim(0)));
        in.check(k >= 0, "negative k", "0 means all");
        return List.of(TensorType.i32(in.shape(0).dim(0)));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(4 * in.getFirst().elements(), in, out);
    }
}
