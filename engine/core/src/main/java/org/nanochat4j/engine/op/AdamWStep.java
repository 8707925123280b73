package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * One AdamW step on one parameter, in place. The arithmetic is F32; what is stored in BF16 is rounded once.
 *
 * <p>{@code p *= 1 - lr*wd; m += (1-b1)(g - m); v += (1-b2)(g² - v); p -= lr/(1-b1^n) * m / (sqrt(v/(1-b2^n)) + eps)}. Source: Loshchilov and
 * Hutter 2019.
 *
 * <p>Operands: parameter, gradient, first moment, second moment (same type), and a tensor of shape (3): learning rate, 1-b1^n, 1-b2^n. The first
 * is written, and the two moments. No result.
 *
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the denominator
 * @param weightDecay decoupled decay, multiplied by the learning rate
 */
public record AdamWStep(float beta1, float beta2, float eps, float weightDecay) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(5).floating(0, 1, 2, 3).f32(4).same(0, 1).same(0, 2).same(0, 3).shape(4, Shape.of(3));
        return List.of();
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(14 * in.getFirst().elements(), in, List.of(in.get(0), in.get(2), in.get(3)));
    }

    @Override
    public boolean writes(int input) {
        return input == 0 || input == 2 || input == 3;
    }
}
