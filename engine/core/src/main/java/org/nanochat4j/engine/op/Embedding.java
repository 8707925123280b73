package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Rows of a table by id.
 *
 * <p>Operands: table (V, C), ids I32 (...). Result: (..., C) of the table's element type.
 */
public record Embedding() implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0).i32(1).rank(0, 2);
        return List.of(in.type(0).withShape(in.shape(1).append(in.shape(0).last())));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(
                b.wants(0) ? dy.apply(new EmbeddingGrad(b.input(0).shape().dim(0)), dy, b.input(1)) : null, null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return new Cost(0, in.get(1).bytes() + 2 * out.getFirst().bytes());
    }
}
