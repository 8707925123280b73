package org.nanochat4j.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.op.Cost;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Step;

/**
 * Where the time of programs goes, by kind of op, and how far each kind is from what the machine allows.
 *
 * <p>Work and traffic are those of the cost model ({@link Cost}): what an op cannot avoid. A kind that reads its operands more than once, or that
 * waits for other threads, is far from its roof.
 *
 * @param seconds of all lines
 * @param rows the kinds, the longest first
 */
public record RoofTable(double seconds, List<Row> rows) {
    /** Kinds that take less are not named as being far from their roof. */
    private static final double WORTH_NAMING = 0.01;

    private static final int NAMED = 3;

    /**
     * One kind of op.
     *
     * @param op its name, with operand types where asked for
     * @param count how often it ran
     * @param seconds it took
     * @param flops operations on paper
     * @param bytes traffic on paper
     * @param atBest seconds that the roof allows
     */
    public record Row(String op, long count, double seconds, long flops, long bytes, double atBest) {
        Row plus(Row other) {
            return new Row(
                    op,
                    count + other.count,
                    seconds + other.seconds,
                    flops + other.flops,
                    bytes + other.bytes,
                    atBest + other.atBest);
        }

        /** Share of the roof; 1 is as fast as the machine allows. */
        double share() {
            return seconds > 0 ? atBest / seconds : 1;
        }
    }

    /** Takes the time of each step of executables that run one after the other. */
    static final class Clock {
        private final Roof roof;
        private final boolean shapes;
        private final Map<String, Row> rows = new LinkedHashMap<>();

        /** A clock; with shapes each shape of an op is a line of its own. */
        Clock(Roof roof, boolean shapes) {
            this.roof = roof;
            this.shapes = shapes;
        }

        /** Runs a program step by step. */
        void run(Executable executable) {
            long[] last = {System.nanoTime()};
            executable.run((index, step, values) -> {
                long now = System.nanoTime();
                add(step, (now - last[0]) / 1e9);
                last[0] = System.nanoTime();
                return true;
            });
        }

        private void add(Step step, double seconds) {
            Cost cost = step.cost();
            double best = roof.seconds(step.op(), step.inputTypes(), cost);
            String name = kind(step.op());
            if (shapes) {
                name += " "
                        + String.join(
                                " ",
                                step.inputTypes().stream()
                                        .map(type -> type.shape().toString())
                                        .toList());
            }
            rows.merge(name, new Row(name, 1, seconds, cost.flops(), cost.bytes(), best), Row::plus);
        }

        /** What has been run until now. */
        RoofTable table() {
            List<Row> sorted = rows.values().stream()
                    .sorted(Comparator.comparingDouble(Row::seconds).reversed())
                    .toList();
            return new RoofTable(sorted.stream().mapToDouble(Row::seconds).sum(), sorted);
        }
    }

    /** The three transposition cases of a matrix product have kernels of their own. */
    private static String kind(Op op) {
        return op instanceof MatMul(boolean ta, boolean tb)
                ? "MatMul " + (ta ? "T" : "N") + (tb ? "T" : "N")
                : op.name();
    }

    /** {@return the kinds that lose most time against their roof, of those that matter} */
    public List<Row> furthest() {
        return rows.stream()
                .filter(row -> row.seconds >= WORTH_NAMING * seconds)
                .sorted(Comparator.comparingDouble((Row row) -> row.seconds - row.atBest)
                        .reversed())
                .limit(NAMED)
                .toList();
    }

    /** {@return the table for people} */
    public List<String> lines() {
        var table = new Table("op", "count", "ms", "of the time", "GFLOP", "MB", "GFLOP/s", "GB/s", "of the roof");
        for (Row row : rows) {
            table.add(
                    row.op,
                    row.count,
                    row.seconds * 1e3,
                    Table.percent(row.seconds / seconds),
                    row.flops / 1e9,
                    row.bytes / 1e6,
                    row.flops / row.seconds / 1e9,
                    row.bytes / row.seconds / 1e9,
                    Table.percent(row.share()));
        }
        List<String> lines = new ArrayList<>(table.lines());
        List<Row> furthest = furthest();
        if (!furthest.isEmpty()) {
            lines.add("furthest from their roof: "
                    + String.join(
                            "; ",
                            furthest.stream()
                                    .map(row -> row.op + " loses " + Table.number((row.seconds - row.atBest) * 1e3)
                                            + " ms, at " + Table.percent(row.share()))
                                    .toList()));
        }
        return lines;
    }
}
