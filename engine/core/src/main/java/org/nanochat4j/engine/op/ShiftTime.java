package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Moves every row along time, zeros come in: {@code y[b, t] = x[b, t - steps]}.
 *
 * <p>Operand: x (B, T, C). Result: the same type.
 *
 * @param steps positive towards later times
 */
public record ShiftTime(int steps) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.count(1).floating(0).rank(0, 3);
        return List.of(in.type(0));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward b) {
        return Arrays.asList(b.gradient().shiftTime(-steps));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in, out);
    }
}
