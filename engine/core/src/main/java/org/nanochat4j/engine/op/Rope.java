package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Rotary position embedding: rotates the pairs (j, j + D/2) of every head by minus the angle of the position.
 *
 * <p>{@code y1 = x1 cos + x2 sin; y2 = -x1 sin + x2 cos}. Operands: x (B, T, H, D); cos and sin F32 (P, D/2); start positions I32 (B): token t of row b
 * stands at start[b] + t, which must be below P. Source: Su et al. 2021, with the sign of the transpose.
 *
 * @param inverse whether to rotate back, as the backward pass does
 */
public record Rope(boolean inverse) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(4).floating(0).f32(1, 2).i32(3).rank(0, 4).rank(1, 2).same(1, 2);
        Shape x = in.shape(0);
        in.check(x.last() % 2 == 0, "odd head size " + x.last(), "rotation needs pairs: choose an even head size");
        in.check(
                in.shape(1).last() == x.last() / 2 && in.shape(1).dim(0) >= x.dim(1),
                "tables do not fit: head size " + x.last() + ", " + x.dim(1) + " positions",
                "tables are (positions, " + x.last() / 2 + ") with at least " + x.dim(1) + " positions");
        in.shape(3, Shape.of(x.dim(0)));
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(dy.apply(new Rope(!inverse), dy, b.input(1), b.input(2), b.input(3)), null, null, null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(3 * in.getFirst().elements(), in.subList(0, 1), out);
    }

    @Override
    public boolean mayAlias(int input) {
        return input == 0;
    }
}
