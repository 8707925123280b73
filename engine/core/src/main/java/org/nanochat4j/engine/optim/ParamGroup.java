package org.nanochat4j.engine.optim;

import java.util.List;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;

/**
 * Parameters that share an optimizer and its hyper-parameters.
 *
 * <p>What changes from step to step is a small variable that the update program reads; the host writes it before each step.
 */
public sealed interface ParamGroup permits AdamW, Muon {
    /** {@return the name, for logs and checkpoints} */
    String name();

    /** {@return the parameters, in stacking order} */
    List<Parameter> parameters();

    /** {@return learning rate before the schedule's multiplier} */
    double initialLearningRate();

    /** {@return the hyper-parameters that the update program reads, F32 (3)} */
    Variable hyper();

    /** {@return the optimizer state, in a fixed order} */
    List<Variable> state();

    /**
     * Issues the update ops of this group.
     *
     * @param interpreter where they run
     */
    void update(Interpreter interpreter);
}
