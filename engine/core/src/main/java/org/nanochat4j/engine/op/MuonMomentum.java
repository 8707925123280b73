package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * First part of a Muon step: gathers the gradients of K equally shaped matrices, updates the momentum buffer in place and returns the Nesterov mix.
 *
 * <p>{@code buf = m buf + (1-m) g; y = (1-m) g + m buf}. Operands: buffer variable (K, R, C), hyper (3) = learning rate, momentum m, weight decay;
 * then K gradients (R, C). Result: (K, R, C). Source: Jordan et al. 2024.
 */
public record MuonMomentum() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.check(in.size() >= 3, "needs a buffer, hyper-parameters and gradients", "pass buffer, hyper, g1, ..., gK");
        in.f32(0, 1).rank(0, 3).shape(1, Shape.of(3));
        Shape stack = in.shape(0);
        in.check(
                stack.dim(0) == in.size() - 2,
                "the buffer holds " + stack.dim(0) + " matrices",
                "one gradient for each");
        for (int i = 2; i < in.size(); i++) {
            in.f32(i).shape(i, Shape.of(stack.dim(1), stack.dim(2)));
        }
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return new Cost(6 * out.getFirst().elements(), 4 * out.getFirst().bytes());
    }

    @Override
    public boolean writes(int input) {
        return input == 0;
    }
}
