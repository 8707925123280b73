package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Softcapped logits for inference: {@code cap * tanh((x Wᵀ) / cap)}, cut to the vocabulary.
 *
 * <p>Operands: x (N, C) of F32 or BF16; w (Vp, C) with Vp at least the vocabulary, of the same type, of BF16, or of I8 with a third operand: a scale for each
 * row (Vp). Result: F32 (N, vocabulary).
 *
 * @param cap bound of the logits; positive infinity for none
 * @param vocabulary how many of the rows of w count
 */
public record Logits(float cap, int vocabulary) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.weights(1, 0).rank(0, 2).rank(1, 2);
        SoftcapCrossEntropy.head(in, vocabulary, cap);
        return List.of(TensorType.f32(in.shape(0).dim(0), vocabulary));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(2L * in.get(0).elements() * vocabulary, in, out);
    }

    @Override
    public String insteadOfGradient() {
        return "use softcapCrossEntropy, which never holds all logits";
    }
}
