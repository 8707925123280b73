package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * A tensor with one value everywhere. No operands.
 *
 * @param shape the extents
 * @param value the value
 */
public record Fill(Shape shape, float value) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(0);
        return List.of(new TensorType(DType.F32, shape));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        return List.of();
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in, out);
    }
}
