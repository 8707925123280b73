package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Zeros before and after along one axis; the reverse of {@link Slice}.
 *
 * <p>Operand: x. Result: the axis grows by before + after.
 *
 * @param axis which dimension, not negative
 * @param before zeros in front
 * @param after zeros behind
 */
public record Pad(int axis, int before, int after) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0);
        in.check(axis >= 0 && axis < in.shape(0).rank(), "no axis " + axis, "axes count from 0");
        in.check(before >= 0 && after >= 0, "negative padding", "use slice to cut");
        return List.of(in.type(0)
                .withShape(in.shape(0).with(axis, before + in.shape(0).dim(axis) + after)));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        return Arrays.asList(b.gradient().slice(axis, before, b.input(0).shape().dim(axis)));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in, out);
    }
}
