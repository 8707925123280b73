package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Joins tensors along an axis; all other extents are equal.
 *
 * <p>Operands: one or more. Result: their concatenation.
 *
 * @param axis which dimension, not negative
 */
public record Concat(int axis) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.check(in.size() > 0, "needs at least one operand", "pass the tensors to join");
        in.check(axis >= 0 && axis < in.shape(0).rank(), "no axis " + axis, "axes count from 0");
        int extent = 0;
        for (int i = 0; i < in.size(); i++) {
            in.floating(0, i);
            in.check(
                    in.shape(i).rank() == in.shape(0).rank()
                            && in.shape(i).with(axis, 1).equals(in.shape(0).with(axis, 1)),
                    "operands differ outside axis " + axis,
                    "all extents but that of the axis must be equal");
            extent += in.shape(i).dim(axis);
        }
        return List.of(in.type(0).withShape(in.shape(0).with(axis, extent)));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        @Nullable Tensor[] gradients = new @Nullable Tensor[b.inputs().size()];
        int start = 0;
        for (int i = 0; i < gradients.length; i++) {
            int length = b.input(i).shape().dim(axis);
            gradients[i] = b.wants(i) ? dy.slice(axis, start, length) : null;
            start += length;
        }
        return Arrays.asList(gradients);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in, out);
    }
}
