package org.nanochat4j.engine.program;

import java.util.List;
import java.util.stream.Collectors;
import org.nanochat4j.engine.op.Cost;

/** Programs for people: a listing, and a graph for Graphviz. */
public final class ProgramPrinter {
    private ProgramPrinter() {}

    /**
     * One line per step: results, op, operands, work and the call site.
     *
     * @param program what to list
     * @return the listing
     */
    public static String text(Program program) {
        StringBuilder text = new StringBuilder();
        Cost cost = program.cost();
        text.append(String.format(
                "program %s: %d steps, %d variables, %.3f GFLOP, %.1f MB%n",
                program.name(),
                program.steps().size(),
                program.variables().size(),
                cost.flops() / 1e9,
                cost.bytes() / 1e6));
        int index = 0;
        for (Step step : program.steps()) {
            text.append(String.format(
                    "%5d  %s%s(%s)  # %s%n", index++, results(step), step.op(), names(step.inputs()), step.callSite()));
        }
        return text.toString();
    }

    private static String results(Step step) {
        return step.outputs().isEmpty()
                ? ""
                : step.outputs().stream().map(v -> v + ": " + v.type()).collect(Collectors.joining(", ")) + " = ";
    }

    private static String names(List<Value> values) {
        return values.stream().map(Value::toString).collect(Collectors.joining(", "));
    }

    /**
     * The graph of a program: variables are boxes, steps are ellipses.
     *
     * @param program what to draw
     * @return text in Graphviz's dot language
     */
    public static String graphviz(Program program) {
        StringBuilder dot = new StringBuilder("digraph \"" + program.name() + "\" {\n  rankdir=TB;\n");
        for (Value value : program.values()) {
            if (value.variable() != null) {
                dot.append("  v")
                        .append(value.id())
                        .append(" [shape=box,label=\"")
                        .append(value);
                dot.append("\\n").append(value.type()).append("\"];\n");
            }
        }
        int[] maker = new int[program.values().size()];
        java.util.Arrays.fill(maker, -1);
        for (int index = 0; index < program.steps().size(); index++) {
            Step step = program.steps().get(index);
            dot.append("  s")
                    .append(index)
                    .append(" [label=\"")
                    .append(step.op().name())
                    .append("\"];\n");
            for (int i = 0; i < step.inputs().size(); i++) {
                Value input = step.inputs().get(i);
                String from = maker[input.id()] >= 0 ? "s" + maker[input.id()] : "v" + input.id();
                dot.append("  ").append(from).append(" -> s").append(index);
                dot.append(" [label=\"").append(input.type().shape()).append("\"];\n");
                if (step.op().writes(i)) {
                    dot.append("  s")
                            .append(index)
                            .append(" -> v")
                            .append(input.id())
                            .append(" [style=dashed];\n");
                }
            }
            for (Value output : step.outputs()) {
                maker[output.id()] = index;
            }
        }
        return dot.append("}\n").toString();
    }
}
