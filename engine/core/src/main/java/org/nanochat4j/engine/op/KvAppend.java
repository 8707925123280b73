package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Writes keys or values of new tokens into a cache, in place: {@code a[row, start[row] + t] = b[row, t]}.
 *
 * <p>Operands: cache variable (B, P, Hkv, D), x (B, T, Hkv, D), start positions I32 (B). No result. Positions beyond the cache are left out.
 */
public record KvAppend() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(3).f32(0, 1).i32(2).rank(0, 4).rank(1, 4);
        Shape cache = in.shape(0);
        Shape x = in.shape(1);
        in.check(
                cache.dim(0) == x.dim(0)
                        && cache.dim(2) == x.dim(2)
                        && cache.dim(3) == x.dim(3)
                        && x.dim(1) <= cache.dim(1),
                "the new tokens do not fit the cache",
                "x (B, T, Hkv, D) goes with a cache (B, P, Hkv, D), T at most P");
        in.shape(2, Shape.of(x.dim(0)));
        return List.of();
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return new Cost(0, 2 * in.get(1).bytes());
    }

    @Override
    public boolean writes(int input) {
        return input == 0;
    }
}
