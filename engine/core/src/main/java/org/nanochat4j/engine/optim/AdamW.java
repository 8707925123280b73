package org.nanochat4j.engine.optim;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.op.AdamWStep;

/**
 * Adam with decoupled weight decay. Source: Loshchilov and Hutter 2019.
 *
 * @param name for logs and checkpoints
 * @param parameters what it trains
 * @param initialLearningRate before the schedule's multiplier
 * @param step betas, eps and weight decay
 * @param hyper learning rate, 1-b1^n, 1-b2^n
 * @param firstMoments one per parameter
 * @param secondMoments one per parameter
 */
public record AdamW(
        String name,
        List<Parameter> parameters,
        double initialLearningRate,
        AdamWStep step,
        Variable hyper,
        List<Variable> firstMoments,
        List<Variable> secondMoments)
        implements ParamGroup {
    /**
     * Declares a group.
     *
     * @param name for logs and checkpoints
     * @param parameters what it trains
     * @param learningRate before the schedule's multiplier
     * @param step betas, eps and weight decay
     * @return the group
     */
    public static AdamW of(String name, List<Parameter> parameters, double learningRate, AdamWStep step) {
        List<Variable> first = new ArrayList<>();
        List<Variable> second = new ArrayList<>();
        for (Parameter parameter : parameters) {
            first.add(new Variable(parameter.name() + ".exp_avg", parameter.type(), Variable.Role.OPTIMIZER));
            second.add(new Variable(parameter.name() + ".exp_avg_sq", parameter.type(), Variable.Role.OPTIMIZER));
        }
        Variable hyper = new Variable(name + ".hyper", TensorType.f32(3), Variable.Role.INPUT);
        return new AdamW(
                name, List.copyOf(parameters), learningRate, step, hyper, List.copyOf(first), List.copyOf(second));
    }

    /**
     * What to write to {@link #hyper} before a step.
     *
     * @param learningRate of this step
     * @param count steps including this one, from 1
     * @return learning rate and bias corrections
     */
    public float[] hyperValues(double learningRate, long count) {
        float[] values = new float[3];
        hyperValues(learningRate, count, values);
        return values;
    }

    /**
     * The same into an array of the caller's, so that a step allocates nothing.
     *
     * @param learningRate of this step
     * @param count steps including this one, from 1
     * @param values takes learning rate and bias corrections
     */
    public void hyperValues(double learningRate, long count, float[] values) {
        values[0] = (float) learningRate;
        values[1] = (float) (1 - Math.pow(step.beta1(), count));
        values[2] = (float) (1 - Math.pow(step.beta2(), count));
    }

    @Override
    public List<Variable> state() {
        List<Variable> state = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            state.add(firstMoments.get(i));
            state.add(secondMoments.get(i));
        }
        return state;
    }

    @Override
    public void update(Interpreter interpreter) {
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            interpreter.apply(
                    step,
                    List.of(
                            interpreter.use(parameter.value()),
                            interpreter.use(parameter.gradient()),
                            interpreter.use(firstMoments.get(i)),
                            interpreter.use(secondMoments.get(i)),
                            interpreter.use(hyper)));
        }
    }
}
