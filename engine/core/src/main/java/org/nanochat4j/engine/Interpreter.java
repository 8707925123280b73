package org.nanochat4j.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.autodiff.Tape;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.Operands;

/**
 * What happens when an op is applied: computed now (eager), appended to a program (recorder), or computed naively in double precision (reference).
 *
 * <p>Tensors remember the interpreter that made them; operands of one op must share it, except variables, which go with any. Automatic
 * differentiation observes from above: an attached {@link Tape} notes every op. Not for use by several threads at once.
 */
public abstract class Interpreter {
    private final List<Tape> tapes = new ArrayList<>();

    /** For subclasses. */
    protected Interpreter() {}

    /**
     * Checks the operands, infers the result types and interprets the op.
     *
     * @param op what to do
     * @param inputs operands of this interpreter, or variables
     * @return the results, none for an op that only writes variables
     * @throws EngineException.BadOperand if the op cannot take these operands
     */
    public final List<Tensor> apply(Op op, List<Tensor> inputs) {
        for (Tensor input : inputs) {
            Interpreter owner = input.owner();
            if (owner != null && !owner.equals(this)) {
                throw new EngineException.BadProgram(op.name() + ": an operand belongs to another interpreter\n  at "
                        + CallSite.current() + "\n  remedy: keep values that programs share in variables");
            }
        }
        Operands operands = new Operands(op, inputs.stream().map(Tensor::type).toList());
        List<TensorType> types = op.infer(operands);
        requireVariables(op, inputs);
        List<Tensor> outputs = execute(op, inputs, types);
        for (Tape tape : tapes) {
            tape.note(op, inputs, outputs);
        }
        return outputs;
    }

    private static void requireVariables(Op op, List<Tensor> inputs) {
        for (int i = 0; i < inputs.size(); i++) {
            if (op.writes(i) && !(inputs.get(i).handle() instanceof Variable)) {
                throw new EngineException.BadProgram(op.name() + ": operand " + i + ", "
                        + inputs.get(i).type() + ", is written in place but is a temporary\n  at " + CallSite.current()
                        + "\n  remedy: keep what is updated in a variable");
            }
        }
    }

    /**
     * Applies an op with exactly one result.
     *
     * @param op what to do
     * @param inputs operands
     * @return the result
     */
    public final Tensor apply(Op op, Tensor... inputs) {
        return apply(op, Arrays.asList(inputs)).getFirst();
    }

    /**
     * A variable as a tensor of this interpreter, so that ops on it need no other operand to know where they run.
     *
     * @param variable what to use
     * @return the bound tensor
     */
    public final Tensor use(Variable variable) {
        return new Tensor(variable.type(), this, variable);
    }

    /** {@return a new tape that notes every op from now on, until it is closed} */
    public final Tape tape() {
        Tape tape = new Tape(this, tapes::remove);
        tapes.add(tape);
        return tape;
    }

    /** {@return whether a tape is attached, so that ops which save work for the backward pass should do so} */
    public final boolean isDifferentiating() {
        return !tapes.isEmpty();
    }

    /**
     * Runs an action without noting its ops on any tape.
     *
     * @param action what to run
     */
    public final void untaped(Runnable action) {
        List<Tape> attached = List.copyOf(tapes);
        tapes.clear();
        try {
            action.run();
        } finally {
            tapes.addAll(attached);
        }
    }

    /**
     * Interprets an op whose operands have been checked.
     *
     * @param op what to do
     * @param inputs operands
     * @param types element types and shapes of the results
     * @return the results, made with {@link #tensor}
     */
    protected abstract List<Tensor> execute(Op op, List<Tensor> inputs, List<TensorType> types);

    /**
     * Makes a tensor of this interpreter.
     *
     * @param type element type and shape
     * @param handle what this interpreter knows the tensor by
     * @return the tensor
     */
    protected final Tensor tensor(TensorType type, Object handle) {
        return new Tensor(type, this, handle);
    }

    /**
     * What a tensor is known by: a {@link Variable}, or what was given to {@link #tensor}.
     *
     * @param tensor the tensor
     * @return its handle
     */
    protected static Object handle(Tensor tensor) {
        return tensor.handle();
    }

    /**
     * The interpreter that an op on these operands runs in.
     *
     * @param op for the message
     * @param inputs operands
     * @return the interpreter of the first operand that has one
     */
    static Interpreter of(Op op, List<Tensor> inputs) {
        @Nullable Interpreter found = null;
        for (Tensor input : inputs) {
            if (input.owner() != null) {
                found = input.owner();
                break;
            }
        }
        if (found == null) {
            throw new EngineException.BadProgram(op.name() + ": all operands are bare variables\n  at "
                    + CallSite.current() + "\n  remedy: bind one of them with interpreter.use(variable)");
        }
        return found;
    }
}
