package org.nanochat4j.engine.runtime;

import java.util.List;
import java.util.Locale;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/**
 * Where a number that is not finite first appeared in a run of a program. Everything computed before it was finite, so the operands of the
 * step were, too.
 *
 * @param program which program
 * @param index of the step that wrote the number; -1 if a variable held it before the program began
 * @param value what holds it
 * @param element its position, row-major
 * @param number NaN or an infinity
 * @param count how many elements of the value are not finite
 * @param largest the largest magnitude in each operand of the step, in their order; empty for a variable
 */
public record NonFinite(
        Program program, int index, Value value, long element, float number, long count, List<Float> largest) {
    /** Copies the list, so that a finding never changes. */
    public NonFinite {
        largest = List.copyOf(largest);
    }

    /** {@return whether a variable held it before the program began} */
    public boolean wasThere() {
        return index < 0;
    }

    /** {@return what, where and from which operands, in a few lines} */
    public String describe() {
        return wasThere() ? variable() : step();
    }

    private String variable() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s %s was not finite before program %s began: %s",
                value,
                value.type(),
                program.name(),
                where()));
        for (int i = 0; i < program.steps().size(); i++) {
            if (program.steps().get(i).inputs().contains(value)) {
                text.append("\n  first used by ").append(heading(i));
                text.append("\n  at ").append(program.steps().get(i).callSite());
                break;
            }
        }
        return text.toString();
    }

    private String step() {
        Step step = program.steps().get(index);
        StringBuilder text = new StringBuilder(heading(index));
        for (int i = 0; i < step.inputs().size(); i++) {
            Value input = step.inputs().get(i);
            text.append(String.format(Locale.ROOT, "%n  operand %s %s", input, input.type()));
            if (input.type().dtype().isFloating()) {
                text.append(String.format(Locale.ROOT, ": finite, magnitudes up to %.3g", largest.get(i)));
            }
        }
        text.append(String.format(Locale.ROOT, "%n  %s %s %s: %s", role(step), value, value.type(), where()));
        String parameter = nearestParameter();
        if (!parameter.isEmpty()) {
            text.append("\n  the last parameter used before it is ").append(parameter);
        }
        return text.append("\n  at ").append(step.callSite()).toString();
    }

    private String role(Step step) {
        return step.outputs().contains(value) ? "result" : "written";
    }

    private String heading(int step) {
        Op op = program.steps().get(step).op();
        return String.format(
                Locale.ROOT,
                "step %d of %d of program %s, %s",
                step,
                program.steps().size(),
                program.name(),
                op);
    }

    private String where() {
        return String.format(
                Locale.ROOT,
                "%s at %s, %,d of %,d elements are not finite",
                Float.toString(number),
                position(value.type().shape(), element),
                count,
                value.type().elements());
    }

    /** Layers are known by the names of their parameters; empty if the step has one itself. */
    private String nearestParameter() {
        for (int i = index; i >= 0; i--) {
            for (Value input : program.steps().get(i).inputs()) {
                Variable variable = input.variable();
                if (variable != null && variable.role() == Variable.Role.PARAMETER) {
                    return i == index ? "" : variable.name();
                }
            }
        }
        return "";
    }

    /** Indices of an element, outermost first. */
    private static String position(Shape shape, long element) {
        StringBuilder text = new StringBuilder(")");
        long rest = element;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            text.insert(0, rest % shape.dim(axis));
            text.insert(0, axis > 0 ? ", " : "");
            rest /= shape.dim(axis);
        }
        return text.insert(0, '(').toString();
    }
}
