package org.nanochat4j.engine.program;

import java.util.List;
import java.util.Objects;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Cost;

/**
 * An immutable ordered list of ops. Nothing is reordered, so writes to variables are right by order.
 *
 * @param name for messages and reports
 * @param values all values, by id
 * @param steps the ops, in order
 */
public record Program(String name, List<Value> values, List<Step> steps) {
    /**
     * A program.
     *
     * @param name for messages and reports
     * @param values all values, by id
     * @param steps the ops, in order
     */
    public Program {
        values = List.copyOf(values);
        steps = List.copyOf(steps);
    }

    /** {@return the variables that it reads or writes} */
    public List<Variable> variables() {
        return values.stream().map(Value::variable).filter(Objects::nonNull).toList();
    }

    /** {@return the sum over all steps} */
    public Cost cost() {
        return steps.stream().map(Step::cost).reduce(Cost.ZERO, Cost::plus);
    }
}
