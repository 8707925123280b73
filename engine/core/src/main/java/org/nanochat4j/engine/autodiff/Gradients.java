package org.nanochat4j.engine.autodiff;

import java.util.Map;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.Variable;

/** Gradients of one loss by variable. */
public final class Gradients {
    private final Map<Variable, Tensor> byVariable;

    Gradients(Map<Variable, Tensor> byVariable) {
        this.byVariable = byVariable;
    }

    /**
     * The gradient of one variable.
     *
     * @param variable one of those asked for
     * @return a tensor of the variable's type
     */
    public Tensor of(Variable variable) {
        Tensor gradient = byVariable.get(variable);
        if (gradient == null) {
            throw new EngineException.NoGradient(variable.name() + " was not among the variables of this gradient");
        }
        return gradient;
    }
}
