package org.nanochat4j.engine.op;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Tensor;

/**
 * What a gradient rule sees of one noted op: operands, results, and the gradients of the results that reached it.
 *
 * @param op the op
 * @param inputs its operands
 * @param outputs its results
 * @param gradients gradient of the loss with respect to each result, null where none arrived
 * @param wanted which operands need a gradient
 */
public record Backward(
        Op op, List<Tensor> inputs, List<Tensor> outputs, List<@Nullable Tensor> gradients, List<Boolean> wanted) {
    /**
     * One operand.
     *
     * @param index which
     * @return the operand
     */
    public Tensor input(int index) {
        return inputs.get(index);
    }

    /**
     * One result.
     *
     * @param index which
     * @return the result
     */
    public Tensor output(int index) {
        return outputs.get(index);
    }

    /** {@return the gradient of the first result} */
    public Tensor gradient() {
        Tensor gradient = gradients.getFirst();
        if (gradient == null) {
            throw new EngineException.NoGradient(op.name() + ": only its first result can be differentiated");
        }
        for (Tensor other : gradients.subList(1, gradients.size())) {
            if (other != null) {
                throw new EngineException.NoGradient(op.name() + ": only its first result can be differentiated");
            }
        }
        return gradient;
    }

    /**
     * Whether an operand needs a gradient, so that a rule can leave out work.
     *
     * @param index which operand
     * @return whether it does
     */
    public boolean wants(int index) {
        return wanted.get(index);
    }

    /** {@return the exception for an op without gradient rule} */
    public EngineException.NoGradient none() {
        return new EngineException.NoGradient(op.name() + " has no gradient\n  remedy: " + op.insteadOfGradient());
    }
}
