package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Cross entropy over softcapped logits {@code z = cap tanh((x Wᵀ) / cap)}, fused with the vocabulary projection.
 *
 * <p>Operands: x (N, C), w (Vp, C), targets I32 (N), -1 = ignored. Results: the mean loss in nats over the targets that count (1), NaN if none; the loss
 * of each row (N), 0 where ignored; and, when differentiated, the gradients of the mean with respect to x (N, C) and w (Vp, C).
 * x and w are both F32 or both BF16; losses, logits and the gradient of w are F32, the gradient of x has its type. Works in row chunks: while
 * a chunk's logits are in cache its losses and both gradients are computed, so logits are never computed twice and never held beyond a chunk.
 *
 * @param cap bound of the logits; positive infinity for none
 * @param vocabulary how many of the rows of w count; the others are padding and get zero gradient
 * @param differentiated whether the gradients are computed along
 */
public record SoftcapCrossEntropy(float cap, int vocabulary, boolean differentiated) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(3).floating(0, 1).i32(2).rank(0, 2).rank(1, 2);
        head(in, vocabulary, cap);
        in.shape(2, Shape.of(in.shape(0).dim(0)));
        TensorType mean = TensorType.f32(1);
        TensorType rows = TensorType.f32(in.shape(0).dim(0));
        return differentiated
                ? List.of(mean, rows, in.type(0), new TensorType(DType.F32, in.shape(1)))
                : List.of(mean, rows);
    }

    static void head(Operands in, int vocabulary, float cap) {
        in.check(
                in.shape(0).last() == in.shape(1).last(),
                "x has width " + in.shape(0).last() + ", w has " + in.shape(1).last(),
                "w is (vocabulary, width)");
        in.check(
                vocabulary >= 1 && vocabulary <= in.shape(1).dim(0),
                "vocabulary " + vocabulary + " does not fit " + in.shape(1).dim(0) + " rows of w",
                "pad w, not the vocabulary");
        in.check(cap > 0, "cap must be positive", "pass positive infinity for no cap");
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        if (!differentiated) {
            throw new org.nanochat4j.engine.EngineException.NoGradient(
                    "SoftcapCrossEntropy was applied without a tape, so it kept no gradients\n  remedy: open the tape before the loss");
        }
        return Arrays.asList(
                b.wants(0) ? b.output(2).scaleBy(dy) : null,
                b.wants(1) ? b.output(3).scaleBy(dy) : null,
                null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        long product = 2L * in.get(0).elements() * vocabulary;
        return Cost.of(differentiated ? 3 * product : product, in, out);
    }
}
