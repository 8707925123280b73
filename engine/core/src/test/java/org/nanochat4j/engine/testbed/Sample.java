package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;

/**
 * One application of an op to given numbers, to be run by any interpreter.
 *
 * @param inputs operands
 * @param application how the op is applied to them
 * @param tolerance how far a kernel's result may be from the reference, relative to the number and the root mean square of all of them
 * @param differentiable operands that have a gradient
 */
public record Sample(List<Input> inputs, Application application, double tolerance, List<Integer> differentiable) {
    /**
     * An operand.
     *
     * @param type element type and shape
     * @param values row-major, each a float
     * @param written whether the op writes it, so that it must be a variable and is a result too
     */
    public record Input(TensorType type, double[] values, boolean written) {
        Input inPlace() {
            return new Input(type, values, true);
        }
    }

    /** Applies an op, through the public method of {@link Tensor} where there is one. */
    @FunctionalInterface
    public interface Application {
        /**
         * Applies the op.
         *
         * @param interpreter where
         * @param x operands
         * @return results
         */
        List<Tensor> apply(Interpreter interpreter, List<Tensor> x);
    }

    static Sample of(Application application, Input... inputs) {
        return new Sample(List.of(inputs), application, 5e-7, List.of());
    }

    Sample within(double bound) {
        return new Sample(inputs, application, bound, differentiable);
    }

    Sample gradientOf(Integer... operands) {
        return new Sample(inputs, application, tolerance, List.of(operands));
    }

    /** A variable per operand. */
    List<Variable> declare() {
        List<Variable> variables = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            variables.add(new Variable("x" + i, inputs.get(i).type(), Variable.Role.INPUT));
        }
        return variables;
    }

    /** Applies the op to variables. */
    List<Tensor> apply(Interpreter interpreter, List<Variable> variables) {
        return application.apply(
                interpreter, variables.stream().map(interpreter::use).toList());
    }

    @Override
    public String toString() {
        return inputs.stream().map(Input::type).toList().toString();
    }
}
