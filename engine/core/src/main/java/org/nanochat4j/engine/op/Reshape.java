package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * The same elements under another shape; nothing is computed.
 *
 * <p>Operand: x. Result: x with the new shape.
 *
 * @param shape as many elements as x
 */
public record Reshape(Shape shape) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1);
        in.check(
                in.shape(0).elements() == shape.elements(),
                in.shape(0).elements() + " elements do not make " + shape,
                "the product of the extents must not change");
        return List.of(in.type(0).withShape(shape));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        return Arrays.asList(b.gradient().reshape(b.input(0).shape()));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.ZERO;
    }

    @Override
    public boolean isView() {
        return true;
    }
}
