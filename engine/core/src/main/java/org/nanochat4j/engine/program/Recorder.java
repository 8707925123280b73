package org.nanochat4j.engine.program;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.CallSite;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Op;

/** The interpreter that appends to a program. No data is touched, so a model of any size is recorded on any machine. */
public final class Recorder extends Interpreter {
    private final String name;
    private final List<Value> values = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final Map<Variable, Value> variables = new IdentityHashMap<>();

    /**
     * Begins a program.
     *
     * @param name for messages and reports
     */
    public Recorder(String name) {
        this.name = name;
    }

    @Override
    protected List<Tensor> execute(Op op, List<Tensor> inputs, List<TensorType> types) {
        List<Value> operands = inputs.stream().map(this::value).toList();
        List<Value> results = new ArrayList<>();
        List<Tensor> tensors = new ArrayList<>();
        for (TensorType type : types) {
            Value value = new Value(values.size(), type, null);
            values.add(value);
            results.add(value);
            tensors.add(tensor(type, value));
        }
        steps.add(new Step(op, operands, List.copyOf(results), CallSite.current()));
        return tensors;
    }

    private Value value(Tensor tensor) {
        return switch (handle(tensor)) {
            case Variable variable ->
                variables.computeIfAbsent(variable, v -> {
                    Value value = new Value(values.size(), v.type(), v);
                    values.add(value);
                    return value;
                });
            case Value value -> value;
            default -> throw new IllegalStateException("foreign tensor " + tensor);
        };
    }

    /**
     * Records a copy into a variable: how a program gives results.
     *
     * @param target the variable
     * @param source what to copy
     */
    public void assign(Variable target, Tensor source) {
        apply(new Assign(), List.of(use(target), source));
    }

    /**
     * Records an addition to a variable: how gradients of micro-steps add up.
     *
     * @param target the variable
     * @param source what to add
     */
    public void accumulate(Variable target, Tensor source) {
        apply(new Accumulate(), List.of(use(target), source));
    }

    /** {@return the program, verified} */
    public Program finish() {
        Program program = new Program(name, values, steps);
        Verifier.verify(program);
        return program;
    }
}
