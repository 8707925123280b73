package org.nanochat4j.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nanochat4j.engine.op.Cost;
import org.nanochat4j.train.data.Progress;

/**
 * Kernels beside the roof of the machine.
 *
 * @param group name of the group: gemm, attention, loss or memory
 * @param label the settings
 * @param dtype of the first operand
 * @param roof what the shares are relative to
 * @param kernels one row each
 * @param chosen by op, what its kernel is; empty where the backend has no choice
 * @param meanGflops geometric mean over the kernels, 10⁹ operations per second; 0 where they do none
 * @param meanShare geometric mean of the shares of the roof
 */
public record KernelTable(
        String group,
        String label,
        String dtype,
        Roof roof,
        List<Row> kernels,
        Map<String, String> chosen,
        double meanGflops,
        double meanShare)
        implements Measurement {

    /**
     * A kernel.
     *
     * @param name op and shape
     * @param gflops 10⁹ operations per second, at the median time
     * @param gigabytes 10⁹ bytes per second by the cost model
     * @param share of the roof: the shortest time that the machine allows, divided by the median
     * @param timing seconds
     */
    public record Row(String name, double gflops, double gigabytes, double share, Timing timing) {
        static Row of(KernelCase kernel, Cost cost, Timing timing, Roof roof) {
            return new Row(
                    kernel.name(),
                    cost.flops() / timing.median() / 1e9,
                    cost.bytes() / timing.median() / 1e9,
                    roof.seconds(kernel.op(), kernel.operands(), cost) / timing.median(),
                    timing);
        }
    }

    /**
     * Measures kernels one after the other.
     *
     * @param group name of the group
     * @param cases what to run
     * @param target where
     * @param effort how often each
     * @param progress hears of kernels
     * @return the table
     */
    public static KernelTable measure(
            String group, List<KernelCase> cases, Target target, Effort effort, Progress progress) {
        Roof roof = target.roof();
        List<Row> rows = new ArrayList<>();
        Map<String, String> chosen = new TreeMap<>();
        for (KernelCase kernel : cases) {
            progress.report("measuring kernels", rows.size(), cases.size());
            try (Replay replay = new Replay(kernel, target)) {
                rows.add(Row.of(kernel, replay.cost(), effort.time(replay::run), roof));
                chosen.putAll(replay.kernels());
            }
        }
        progress.report("measuring kernels", rows.size(), cases.size());
        String first = cases.getFirst().name();
        String label = cases.size() == 1
                ? first
                : cases.size() + " kernels, " + first + " to " + cases.getLast().name();
        return new KernelTable(
                group,
                label + ", " + target.label(),
                cases.getFirst().operands().getFirst().dtype().name(),
                roof,
                List.copyOf(rows),
                chosen,
                mean(rows.stream().map(Row::gflops).toList()),
                mean(rows.stream().map(Row::share).toList()));
    }

    private static double mean(List<Double> values) {
        return Math.exp(values.stream().mapToDouble(Math::log).average().orElse(Double.NEGATIVE_INFINITY));
    }

    @Override
    public Map<String, Double> headline() {
        var figures = new LinkedHashMap<String, Double>();
        if (meanGflops > 0) {
            figures.put("mean GFLOP/s", meanGflops);
        }
        figures.put("mean share of the roof", meanShare);
        return figures;
    }

    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(roof.line());
        chosen.forEach((op, kernel) -> lines.add(op + ": " + kernel));
        var table = new Table("kernel", "GFLOP/s", "GB/s", "of the roof", "median ms", "min", "max", "runs");
        for (Row row : kernels) {
            table.add(
                    row.name,
                    row.gflops,
                    row.gigabytes,
                    Table.percent(row.share),
                    row.timing.median() * 1e3,
                    row.timing.minimum() * 1e3,
                    row.timing.maximum() * 1e3,
                    row.timing.rounds());
        }
        lines.addAll(table.lines());
        lines.add("mean share of the roof " + Table.percent(meanShare)
                + (meanGflops > 0 ? ", mean " + Table.number(meanGflops) + " GFLOP/s" : ""));
        return lines;
    }
}
