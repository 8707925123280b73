package org.nanochat4j.engine.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Zero;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/**
 * Runs a compiled program step by step and looks at every number that a step writes, until one is not finite.
 *
 * <p>The kernels and the memory are those of an ordinary run, so the numbers are, too.
 */
final class CheckingReplay {
    private final Program program;
    /** Largest magnitude of each value, by its id; a view has that of what it is a view of. */
    private final float[] largest;

    private final int[] origin;
    private @Nullable NonFinite found;

    private CheckingReplay(Program program) {
        this.program = program;
        this.largest = new float[program.values().size()];
        this.origin = origins(program);
    }

    /** For each value the first one with the same bytes. */
    private static int[] origins(Program program) {
        int[] origin = new int[program.values().size()];
        Arrays.setAll(origin, id -> id);
        for (Step step : program.steps()) {
            if (step.op().isView()) {
                origin[step.outputs().getFirst().id()] =
                        origin[step.inputs().getFirst().id()];
            }
        }
        return origin;
    }

    static Optional<NonFinite> run(Engine engine, Program program, Executable executable) {
        CheckingReplay replay = new CheckingReplay(program);
        if (replay.variables(engine)) {
            executable.run(replay::after);
        }
        return Optional.ofNullable(replay.found);
    }

    /** Looks at what the program begins with; whether all of it is finite. */
    private boolean variables(Engine engine) {
        for (Value value : program.values()) {
            Variable variable = value.variable();
            if (variable != null && isRead(value)) {
                check(-1, value, engine.buffer(variable)::read, List.of());
            }
        }
        return found == null;
    }

    /** Whether the first step that has to do with a variable uses what is in it. */
    private boolean isRead(Value value) {
        Step first = program.steps().stream()
                .filter(step -> step.inputs().contains(value))
                .findFirst()
                .orElseThrow();
        boolean overwrites = first.op() instanceof Assign || first.op() instanceof Zero;
        return !overwrites || first.inputs().indexOf(value) > 0;
    }

    private boolean after(int index, Step step, Executable.Values values) {
        List<Float> operands = new ArrayList<>();
        step.inputs().forEach(input -> operands.add(largest[origin[input.id()]]));
        for (int i = 0; i < step.inputs().size(); i++) {
            if (step.op().writes(i)) {
                check(index, step.inputs().get(i), values, operands);
            }
        }
        step.outputs().forEach(output -> check(index, output, values, operands));
        return found == null;
    }

    private void check(int index, Value value, Executable.Values values, List<Float> operands) {
        check(index, value, (FiniteScan.Source) (offset, target) -> values.read(value, offset, target), operands);
    }

    private void check(int index, Value value, FiniteScan.Source source, List<Float> operands) {
        FiniteScan scan = FiniteScan.of(value.type(), source);
        largest[value.id()] = scan.largest();
        if (found == null && !scan.clean()) {
            found = new NonFinite(program, index, value, scan.first(), scan.number(), scan.count(), operands);
        }
    }
}
