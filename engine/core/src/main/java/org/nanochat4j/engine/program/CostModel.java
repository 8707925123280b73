package org.nanochat4j.engine.program;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nanochat4j.engine.op.Cost;

/** Work and memory traffic of a program by op, counted on paper from shapes. */
public final class CostModel {
    /**
     * One line of the account.
     *
     * @param op name of the op
     * @param count how many steps
     * @param cost their work and traffic
     */
    public record Line(String op, int count, Cost cost) {}

    private CostModel() {}

    /**
     * Accounts for a program, the most work first.
     *
     * @param program what to look at
     * @return one line per kind of op
     */
    public static List<Line> account(Program program) {
        Map<String, Line> lines = new TreeMap<>();
        for (Step step : program.steps()) {
            lines.merge(
                    step.op().name(),
                    new Line(step.op().name(), 1, step.cost()),
                    (a, b) -> new Line(a.op(), a.count() + b.count(), a.cost().plus(b.cost())));
        }
        return lines.values().stream()
                .sorted((a, b) -> Long.compare(b.cost().flops(), a.cost().flops()))
                .toList();
    }
}
