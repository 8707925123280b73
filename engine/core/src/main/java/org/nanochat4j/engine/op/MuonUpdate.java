package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Last part of a Muon step: norm snap, variance reduction, cautious decay and the update of K matrices in place.
 *
 * <p>With X one orthogonalised matrix (R, C): {@code g = X sqrt(min(R,C)) / max(||X||, 1e-6)}; u = mean of g² over the columns if R ≥ C, else over the
 * rows; {@code s += (1-beta2)(u - s); w = 1/sqrt(max(s, 1e-10))}; g is scaled by w and then to its former norm; {@code p -= lr g + lr wd p [g p ≥ 0]}
 * with lr scaled by sqrt(max(1, R/C)). Operands: second moment variable, (K, R, 1) if R ≥ C else (K, 1, C); hyper (3) = learning rate, momentum, weight
 * decay; X (K, R, C); then K parameters (R, C), written. No result. Sources: Jordan et al. 2024; Li et al. 2025 (NorMuon); Liang et al. 2024
 * (cautious updates).
 *
 * @param beta2 decay of the second moment
 */
public record MuonUpdate(float beta2) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.check(
                in.size() >= 4,
                "needs moments, hyper-parameters, directions and parameters",
                "pass second, hyper, x, p1, ..., pK");
        in.f32(0, 1, 2).shape(1, Shape.of(3)).rank(2, 3);
        Shape stack = in.shape(2);
        boolean tall = stack.dim(1) >= stack.dim(2);
        in.shape(0, stack.with(tall ? 2 : 1, 1));
        in.check(
                stack.dim(0) == in.size() - 3,
                "the stack holds " + stack.dim(0) + " matrices",
                "one parameter for each");
        for (int i = 3; i < in.size(); i++) {
            in.f32(i).shape(i, Shape.of(stack.dim(1), stack.dim(2)));
        }
        return List.of();
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return new Cost(14 * in.get(2).elements(), 4 * in.get(2).bytes());
    }

    @Override
    public boolean writes(int input) {
        return input == 0 || input >= 3;
    }
}
