package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Second part of a Muon step: row equilibration and scaling to a Frobenius norm just below 1, for each matrix of a stack.
 *
 * <p>{@code t = ||X|| / sqrt(R); X_i *= t / max(||X_i||, 1e-6); X /= 1.01 ||X|| + 1e-6}. Operand: (K, R, C). Result: the same type. Norms in F32.
 */
public record MuonNormalize() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0).rank(0, 3);
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(6 * in.getFirst().elements(), in, out);
    }
}
