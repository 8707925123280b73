package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Conversion to another floating-point type, rounding to nearest even.
 *
 * <p>Operand: x of F32 or BF16. Result: the same shape in the new type.
 *
 * @param dtype the new element type, F32 or BF16
 */
public record Cast(DType dtype) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1)
                .check(
                        castable(in.type(0).dtype()) && castable(dtype),
                        "casts are between F32 and BF16",
                        "convert on the host");
        return List.of(new TensorType(dtype, in.shape(0)));
    }

    private static boolean castable(DType type) {
        return type == DType.F32 || type == DType.BF16;
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        return Arrays.asList(b.gradient().cast(b.input(0).type().dtype()));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in, out);
    }
}
