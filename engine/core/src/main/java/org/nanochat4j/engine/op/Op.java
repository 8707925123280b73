package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * One step of a computation, as data: shape rule, gradient rule, cost, and what it writes. How it is computed is a backend's business.
 *
 * <p>The set is closed so that every interpreter handles all of it by an exhaustive switch; {@link CustomOp} is the one open door. How to add an op:
 * {@code docs/how-to-add-an-op.md}.
 */
public sealed interface Op
        permits Accumulate,
                AdamWStep,
                Add,
                ArgMax,
                Assign,
                Axpby,
                CachedAttention,
                Cast,
                CausalAttention,
                CausalAttentionGrad,
                Concat,
                CustomOp,
                Dot,
                Embedding,
                EmbeddingGrad,
                Fill,
                KvAppend,
                Logits,
                MatMul,
                Mix,
                Mul,
                MuonMomentum,
                MuonNormalize,
                MuonUpdate,
                Pad,
                ReluSquared,
                ReluSquaredGrad,
                Reshape,
                RmsNorm,
                RmsNormGrad,
                Rope,
                RowDot,
                Scale,
                ScaleBy,
                ScaleRows,
                ShiftTime,
                Sigmoid,
                SigmoidGrad,
                Slice,
                SoftcapCrossEntropy,
                Sum,
                SumRows,
                SumSquares,
                TopKSample,
                Zero {
    /**
     * The shape rule: checks the operands and says what comes out.
     *
     * @param in operand types
     * @return result types, empty for an op that only writes variables
     */
    List<TensorType> infer(Operands in);

    /**
     * The gradient rule (vector-Jacobian product), written in ordinary tensor operations.
     *
     * @param b operands, results and incoming gradients
     * @return one gradient per operand, null where there is none or none is wanted
     */
    List<@Nullable Tensor> vjp(Backward b);

    /**
     * Work and traffic.
     *
     * @param in operand types
     * @param out result types
     * @return the cost
     */
    Cost cost(List<TensorType> in, List<TensorType> out);

    /**
     * Whether the op changes an operand in place; such an operand must be a variable.
     *
     * @param input which operand
     * @return whether it is written
     */
    default boolean writes(int input) {
        return false;
    }

    /**
     * Whether the first result may take over the memory of an operand that is not used afterwards: every element of the result depends on no
     * later element of that operand.
     *
     * @param input which operand
     * @return whether the memory may be shared
     */
    default boolean mayAlias(int input) {
        return false;
    }

    /** {@return whether the result is the same bytes as the first operand, so that nothing is computed} */
    default boolean isView() {
        return false;
    }

    /** {@return the name for messages and listings} */
    default String name() {
        return getClass().getSimpleName();
    }

    /** {@return what to do where this op cannot be differentiated} */
    default String insteadOfGradient() {
        return "keep it out of the path from the parameters to the loss";
    }
}
