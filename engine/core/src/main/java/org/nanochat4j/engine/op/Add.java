package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Sum of two tensors: {@code a + b}.
 *
 * <p>Operands: a (..., C) and b of the same type, or a row vector (C) that is added to every row of a.
 */
public record Add() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0, 1);
        in.check(
                in.shape(1).equals(in.shape(0))
                        || (in.shape(1).rank() == 1
                                && in.shape(1).last() == in.shape(0).last()),
                "shapes differ, " + in.shape(0) + " and " + in.shape(1),
                "b must have the shape of a, or be a row vector of shape ("
                        + in.shape(0).last() + ")");
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        boolean row = !b.input(1).shape().equals(b.input(0).shape());
        return Arrays.asList(
                dy,
                !b.wants(1) ? null : row ? dy.sumRows().cast(b.input(1).type().dtype()) : dy);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(in.getFirst().elements(), in, out);
    }

    @Override
    public boolean mayAlias(int input) {
        return input == 0;
    }
}
