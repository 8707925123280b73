package org.nanochat4j.engine.program;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;

/**
 * One value of a program: a variable it uses, or the result of a step.
 *
 * @param id 0 to the number of values - 1, in the order of first appearance
 * @param type element type and shape
 * @param variable the variable, or null for the result of a step
 */
public record Value(int id, TensorType type, @Nullable Variable variable) {
    @Override
    public String toString() {
        return variable != null ? variable.name() : "%" + id;
    }
}
