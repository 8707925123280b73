package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Product of each row with its own number: {@code s[...] * x[..., :]}.
 *
 * <p>Operands: x (..., C), s (...). Result: the type of x.
 */
public record ScaleRows() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0, 1);
        in.check(
                in.shape(1).elements() == in.shape(0).rows(),
                in.shape(0).rows() + " rows but " + in.shape(1).elements() + " factors",
                "s has the shape of x without its last dimension");
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(
                b.wants(0) ? dy.scaleRows(b.input(1)) : null,
                b.wants(1) ? dy.rowDot(b.input(0)).reshape(b.input(1).shape()) : null);
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
