package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * A range along one axis.
 *
 * <p>Operand: x. Result: x with that axis cut to length elements from start.
 *
 * @param axis which dimension, not negative
 * @param start first index
 * @param length how many
 */
public record Slice(int axis, int start, int length) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0);
        in.check(axis >= 0 && axis < in.shape(0).rank(), "no axis " + axis, "axes count from 0");
        in.check(
                start >= 0 && length >= 1 && start + length <= in.shape(0).dim(axis),
                "[" + start + ", " + (start + length) + ") is outside axis " + axis + " of extent "
                        + in.shape(0).dim(axis),
                "choose a range inside");
        return List.of(in.type(0).withShape(in.shape(0).with(axis, length)));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        int after = b.input(0).shape().dim(axis) - start - length;
        return Arrays.asList(dy.apply(new Pad(axis, start, after), dy));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, out, out);
    }
}
