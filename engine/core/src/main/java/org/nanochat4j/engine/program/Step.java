package org.nanochat4j.engine.program;

import java.util.List;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.op.Cost;
import org.nanochat4j.engine.op.Op;

/**
 * One op of a program.
 *
 * @param op what to do
 * @param inputs operands
 * @param outputs results
 * @param callSite the user's line that led to it
 */
public record Step(Op op, List<Value> inputs, List<Value> outputs, String callSite) {
    /** {@return operand types} */
    public List<TensorType> inputTypes() {
        return inputs.stream().map(Value::type).toList();
    }

    /**
     * The type of an operand.
     *
     * @param index which
     * @return its type
     */
    public TensorType inputType(int index) {
        return inputs.get(index).type();
    }

    /** {@return result types} */
    public List<TensorType> outputTypes() {
        return outputs.stream().map(Value::type).toList();
    }

    /** {@return work and traffic} */
    public Cost cost() {
        return op.cost(inputTypes(), outputTypes());
    }
}
