package org.nanochat4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.cpu.kernels.TileGemm;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.Cost;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.CostModel;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.GenerationPrograms;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.KvCache;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.ParameterCounts;
import org.nanochat4j.model.TrainingPrograms;

/** The arithmetic behind the tables. */
class RoofTest {

    private static final GptConfig TOY = GptConfig.ofDepth(2, 16, 16, 32, 300, "L", Architecture.CURRENT);
    private static final Roof ROOF = new Roof(1, 100e9, 400e9, new Bandwidth(20e9, 15e9, 10e9));

    @Test
    @DisplayName("the longer of work and traffic bounds the time; the best of the three bandwidths counts")
    void roofline() {
        List<TensorType> f32 = List.of(TensorType.f32(2, 2), TensorType.f32(2, 2));
        assertEquals(2, ROOF.seconds(new Add(), f32, new Cost(200_000_000_000L, 1)), 1e-12);
        assertEquals(3, ROOF.seconds(new Add(), f32, new Cost(1, 60_000_000_000L)), 1e-12);
    }

    @Test
    @DisplayName("products of BF16 have a rate of their own, everything else over BF16 that of F32")
    void bf16() {
        var type = new TensorType(DType.BF16, Shape.of(2, 2));
        Cost cost = new Cost(200_000_000_000L, 1);
        assertEquals(0.5, ROOF.seconds(new MatMul(false, true), List.of(type, type), cost), 1e-12);
        assertEquals(2, ROOF.seconds(new Add(), List.of(type, type), cost), 1e-12);
        assertTrue(ROOF.line().contains("100 GFLOP/s between registers, 400 in BF16 on the matrix unit"), ROOF.line());
    }

    @Test
    @DisplayName("the matrix unit is measured where there is one, and only if machine code is allowed")
    void matrixUnit() {
        assertEquals(TileGemm.obstacle().isEmpty(), TilePeak.measure(1).isPresent(), () -> TileGemm.explain(true));
        Roof without = Roof.of(1, false);
        assertEquals(without.flopsPerSecond(), without.rate(DType.BF16));
    }

    @Test
    void median() {
        Timing odd = Timing.of(3, 1, 2);
        assertEquals(new Timing(2, 1, 3, 3), odd);
        assertEquals(2.5, Timing.of(4, 1, 2, 3).median());
    }

    @Test
    @DisplayName("work is timed as often and as long as asked for, after a run that is not timed")
    void effort() {
        int[] runs = {0};
        assertEquals(7, new Effort(0, 7, 0).time(() -> runs[0]++).rounds());
        assertEquals(8, runs[0]);
        Timing timing = new Effort(0, 1, 0.02).time(() -> runs[0]++);
        assertTrue(timing.rounds() * timing.maximum() >= 0.01, timing.toString());
    }

    @Test
    @DisplayName("the kinds that lose most against their roof are named, not the slowest ones and not trifles")
    void furthest() {
        var fast = new RoofTable.Row("fast", 1, 5, 0, 0, 4.9);
        var slow = new RoofTable.Row("slow", 1, 2, 0, 0, 0.5);
        var trifle = new RoofTable.Row("trifle", 1, 0.01, 0, 0, 0);
        var table = new RoofTable(7.01, List.of(fast, slow, trifle));
        assertEquals(List.of(slow, fast), table.furthest());
        assertEquals(0.25, slow.share());
        assertTrue(table.lines().getLast().startsWith("furthest from their roof: slow loses 1,500 ms"));
    }

    @Test
    @DisplayName(
            "a step under the clock runs every op that computes, as often as the programs have it, with the cost model's figures")
    void profile() {
        var clock = new RoofTable.Clock(ROOF, false);
        try (var rig = new TrainingRig(TOY, ComputeType.F32, 2, 2, Target.cpu(1), Batches.random(300))) {
            rig.step();
            rig.step(clock);
        }
        var gpt = new Gpt(TOY);
        List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
        TrainingPrograms programs = TrainingPrograms.record(gpt, groups, 2, 32, 2);
        Map<String, CostModel.Line> micro = CostModel.account(programs.micro()).stream()
                .collect(Collectors.toMap(CostModel.Line::op, line -> line));
        RoofTable table = clock.table();
        CostModel.Line loss = Objects.requireNonNull(micro.get("SoftcapCrossEntropy"));
        RoofTable.Row row = table.rows().stream()
                .filter(other -> other.op().equals("SoftcapCrossEntropy"))
                .findFirst()
                .orElseThrow();
        assertEquals(2, row.count());
        assertEquals(2 * loss.cost().flops(), row.flops());
        assertEquals(2 * loss.cost().bytes(), row.bytes());
        assertTrue(row.seconds() > 0);
        long all = programs.programs().stream()
                .filter(program -> !program.equals(programs.evaluate()))
                .mapToLong(program -> (program.equals(programs.micro()) ? 2 : 1)
                        * program.steps().stream()
                                .filter(step -> !step.op().isView())
                                .count())
                .sum();
        assertEquals(all, table.rows().stream().mapToLong(RoofTable.Row::count).sum());
        assertEquals(
                table.seconds(),
                table.rows().stream().mapToDouble(RoofTable.Row::seconds).sum(),
                1e-9);
        assertTrue(table.rows().stream().anyMatch(line -> line.op().equals("MatMul NT")));
    }

    @Test
    @DisplayName("weights that a token reads: all parameters but the embedding tables")
    void weightBytes() {
        var gpt = new Gpt(TOY);
        var program = GenerationPrograms.of(gpt, KvCache.declare(TOY, 1, 16), 0).decode();
        long tables = program.variables().stream()
                .filter(variable -> variable.role() == Variable.Role.PARAMETER)
                .mapToLong(variable -> variable.type().bytes())
                .sum();
        long weights = Decoding.weightBytes(program);
        assertTrue(weights < tables, weights + " of " + tables);
        assertTrue(weights >= 4 * ParameterCounts.of(TOY).scaling(), weights + " bytes");
    }

    @Test
    @DisplayName("micro-batches that are tried divide the rows of a step")
    void candidates() {
        var settings = new Training.Settings(TOY, ComputeType.F32, 32 * 32, 0, Target.cpu(1), 0, 1, false, false);
        assertEquals(List.of(32, 16, 8, 4), settings.candidates());
        var odd = new Training.Settings(TOY, ComputeType.F32, 45 * 32, 0, Target.cpu(1), 0, 1, false, false);
        assertEquals(List.of(15, 5, 1), odd.candidates());
    }

    @Test
    @DisplayName("the machine's own rates are positive and finite")
    void measured() {
        assertTrue(RegisterPeak.measure(1) > 1e8);
        Bandwidth bandwidth = Bandwidth.measure(2, 4);
        assertTrue(bandwidth.read() > 1e7 && bandwidth.copy() > 1e7 && bandwidth.triad() > 1e7, bandwidth.toString());
    }
}
