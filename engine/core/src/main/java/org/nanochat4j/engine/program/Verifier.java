package org.nanochat4j.engine.program;

import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Operands;

/** Checks what every backend relies on: values are defined once and before use, types obey the shape rules, only variables are written. */
public final class Verifier {
    private Verifier() {}

    /**
     * Checks a program.
     *
     * @param program what to check
     * @throws EngineException.BadProgram naming the step and the broken rule
     */
    public static void verify(Program program) {
        BitSet defined = new BitSet();
        Set<Variable> seen = new HashSet<>();
        for (int id = 0; id < program.values().size(); id++) {
            Value value = program.values().get(id);
            require(value.id() == id, program, -1, "value " + value + " stands at " + id, "number values in order");
            if (value.variable() != null) {
                defined.set(id);
                require(seen.add(value.variable()), program, -1, value + " appears twice", "one value per variable");
            }
        }
        for (int index = 0; index < program.steps().size(); index++) {
            Step step = program.steps().get(index);
            for (int i = 0; i < step.inputs().size(); i++) {
                Value input = step.inputs().get(i);
                require(
                        defined.get(input.id()),
                        program,
                        index,
                        input + " is used before it is computed",
                        "record it first");
                require(
                        !step.op().writes(i) || input.variable() != null,
                        program,
                        index,
                        input + " is written in place but is a temporary",
                        "keep what is updated in a variable");
            }
            for (Value output : step.outputs()) {
                require(
                        !defined.get(output.id()),
                        program,
                        index,
                        output + " is computed twice",
                        "values are written once");
                defined.set(output.id());
            }
            List<TensorType> types = step.op().infer(new Operands(step.op(), step.inputTypes()));
            require(
                    types.equals(step.outputTypes()),
                    program,
                    index,
                    "result types are not those of the shape rule",
                    "record the op again");
        }
    }

    private static void require(boolean condition, Program program, int index, String problem, String remedy) {
        if (!condition) {
            String where = index < 0
                    ? ""
                    : ", step " + index + " (" + program.steps().get(index).op().name() + ")";
            throw new EngineException.BadProgram(program.name() + where + ": " + problem + "\n  remedy: " + remedy);
        }
    }
}
