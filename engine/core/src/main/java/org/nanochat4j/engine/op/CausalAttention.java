package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Causal softmax attention with a sliding window and grouped key-value heads, without a T x T matrix in memory.
 *
 * <p>Operands: q (B, T, H, D), k and v (B, T, Hkv, D), Hkv divides H; query head j uses key-value head j / (H / Hkv). The query at t sees the keys of
 * [max(0, t - window), t]. Results: y (B, T, H, D), and the log-sum-exp of the scaled scores, F32 (B, H, T), kept for the backward pass. Source: Dao et
 * al. 2022 (online softmax by tiles).
 *
 * @param window keys before the own position that are visible; T or more means plain causal
 * @param scale factor of the scores, usually 1/sqrt(D)
 */
public record CausalAttention(int window, float scale) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(3).floating(0, 1, 2).rank(0, 4).rank(1, 4).same(1, 2);
        Shape q = in.shape(0);
        Shape k = in.shape(1);
        in.check(
                q.dim(0) == k.dim(0) && q.dim(1) == k.dim(1) && q.dim(3) == k.dim(3),
                "queries and keys differ in batch, time or head size",
                "q (B, T, H, D) goes with k and v (B, T, Hkv, D)");
        in.check(
                q.dim(2) % k.dim(2) == 0,
                k.dim(2) + " key-value heads do not divide " + q.dim(2) + " query heads",
                "choose a number of key-value heads that divides the number of heads");
        in.check(window >= 0, "window must not be negative", "use the sequence length for plain causal attention");
        return List.of(in.type(0), TensorType.f32(q.dim(0), q.dim(2), q.dim(1)));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor q = b.input(0);
        List<Tensor> gradients = q.apply(
                new CausalAttentionGrad(window, scale),
                List.of(q, b.input(1), b.input(2), b.output(0), b.output(1), b.gradient()));
        return Arrays.asList(gradients.get(0), gradients.get(1), gradients.get(2));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(4 * pairs(in.getFirst().shape()), in, out);
    }

    /** Visible (query, key) pairs times the head size. */
    private long pairs(Shape q) {
        return pairs(q, window);
    }

    static long pairs(Shape q, int window) {
        long time = q.dim(1);
        long width = Math.min(window + 1L, time);
        long visible = width * (width + 1) / 2 + (time - width) * width;
        return visible * q.dim(0) * q.dim(2) * q.dim(3);
    }
}
