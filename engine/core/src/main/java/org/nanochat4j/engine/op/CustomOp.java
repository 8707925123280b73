package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * The open door for ops of users: implement the shape rule, the gradient rule and a CPU kernel, and apply it like any other op.
 *
 * <p>The CPU kernel works on off-heap memory in any way it likes; it must be deterministic, and it runs on one thread. A backend other than the
 * CPU's asks {@link #kernel} for its own kind of kernel and refuses the op where there is none.
 */
public non-sealed interface CustomOp extends Op {
    /**
     * Computes the results on the CPU.
     *
     * @param inputs operands
     * @param outputs where to write the results; every element must be written
     */
    void compute(List<CustomBuffer> inputs, List<CustomBuffer> outputs);

    /**
     * A kernel for another backend.
     *
     * @param backend the backend's name
     * @return the backend's own kernel type, or empty
     */
    default java.util.Optional<DeviceKernel> kernel(String backend) {
        return java.util.Optional.empty();
    }

    @Override
    default List<@Nullable Tensor> vjp(Backward b) {
        throw b.none();
    }

    @Override
    default Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in, out);
    }

    @Override
    default String insteadOfGradient() {
        return "override vjp in the custom op";
    }
}
