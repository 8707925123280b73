package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Gradient of an embedding table: rows of dy added up by id, in the order of the ids.
 *
 * <p>Operands: dy (..., C), ids I32 (...). Result: (rows, C) of the element type of dy, zero where an id does not occur.
 *
 * @param rows rows of the table
 */
public record EmbeddingGrad(int rows) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(2).floating(0).i32(1);
        in.shape(0, in.shape(1).append(in.shape(0).last()));
        return List.of(in.type(0).withShape(Shape.of(rows, in.shape(0).last())));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        Tensor dy = b.gradient();
        return Arrays.asList(dy.apply(new Embedding(), dy, b.input(1)), null);
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(in.getFirst().elements(), in, out);
    }
}
