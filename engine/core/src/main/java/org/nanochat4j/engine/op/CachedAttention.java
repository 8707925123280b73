package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Attention of one new token per row over a key-value cache, up to the token's own position.
 *
 * <p>Operands: q (B, 1, H, D); keys and values (B, P, Hkv, D), the new token's own already appended; positions I32 (B), absolute. A query at p sees
 * the keys of [max(0, p - window), p]. Result: (B, 1, H, D).
 *
 * @param window keys before the own position that are visible
 * @param scale factor of the scores
 */
public record CachedAttention(int window, float scale) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(4).f32(0, 1, 2).i32(3).rank(0, 4).rank(1, 4).same(1, 2);
        Shape q = in.shape(0);
        Shape k = in.shape(1);
        in.check(
                q.dim(1) == 1,
                "one new token per row, not " + q.dim(1),
                "decode token by token, or use causalAttention");
        in.check(
                q.dim(0) == k.dim(0) && q.dim(3) == k.dim(3) && q.dim(2) % k.dim(2) == 0,
                "queries and cache differ in batch, head size or head groups",
                "q (B, 1, H, D) goes with a cache (B, P, Hkv, D) where Hkv divides H");
        in.shape(3, Shape.of(q.dim(0)));
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        long keys = Math.min(window + 1L, in.get(1).shape().dim(1));
        return new Cost(4 * in.getFirst().elements() * keys, 2 * in.get(1).bytes());
    }

    @Override
    public String insteadOfGradient() {
        return "train with causalAttention";
    }
}
