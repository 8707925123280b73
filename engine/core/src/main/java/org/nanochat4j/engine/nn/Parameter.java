package org.nanochat4j.engine.nn;

import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;

/**
 * A trained weight: its values, the gradient that micro-steps add up, and how it starts.
 *
 * @param value the weight
 * @param gradient of the same type
 * @param init distribution of the initial values
 */
public record Parameter(Variable value, Variable gradient, Init init) {
    /**
     * Declares a parameter.
     *
     * @param name as in the checkpoint
     * @param type F32, or BF16 to store the weight, its gradient and the optimizer's state so
     * @param init distribution of the initial values
     * @return the parameter
     */
    public static Parameter of(String name, TensorType type, Init init) {
        return new Parameter(
                new Variable(name, type, Variable.Role.PARAMETER),
                new Variable("grad." + name, type, Variable.Role.GRADIENT),
                init);
    }

    /** {@return the name, as in the checkpoint} */
    public String name() {
        return value.name();
    }

    /** {@return the weight as an operand} */
    public Tensor tensor() {
        return value.tensor();
    }

    /** {@return element type and shape} */
    public TensorType type() {
        return value.type();
    }
}
