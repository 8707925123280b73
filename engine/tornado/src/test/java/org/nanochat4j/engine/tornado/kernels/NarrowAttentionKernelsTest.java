package org.nanochat4j.engine.tornado.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.tornado.kernels.Workbench.Cell;
import org.nanochat4j.tornado.simulator.KernelScan;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** Attention over BF16 against the reference, which rounds once. */
class NarrowAttentionKernelsTest {
    private static final double BOUND = 1e-5;

    /** Converted by the device, and by arithmetic. */
    private static final int[] CONVERSIONS = {1, 0};

    @ParameterizedTest(name = "batch {0}, time {1}, heads {2} over {3}, size {4}, window {5}")
    @CsvSource({"1,1,1,1,8,1", "2,7,2,1,16,3", "1,64,1,1,128,64", "1,65,3,3,20,65", "2,130,4,2,32,40", "1,129,1,1,5,200"
    })
    void forwardAndBackward(int batch, int time, int heads, int groups, int size, int window) {
        for (int builtIn : CONVERSIONS) {
            Workbench bench = new Workbench(time + 1000L * size, 1 << 18);
            float scale = (float) (1 / Math.sqrt(size));
            Cell q = bench.normalHalves(batch, time, heads, size);
            Cell k = bench.normalHalves(batch, time, groups, size);
            Cell v = bench.normalHalves(batch, time, groups, size);
            Cell dy = bench.normalHalves(batch, time, heads, size);
            Cell y = bench.roomHalves(batch, time, heads, size);
            Cell logSumExp = bench.room(batch, heads, time);
            List<double[]> expected = bench.reference(new CausalAttention(window, scale), q, k, v);
            forward(bench, builtIn, scale, List.of(q, k, v), y, logSumExp, window);
            bench.run();
            bench.checkRounded("y", y, expected.get(0));
            bench.check("log-sum-exp", BOUND, logSumExp, expected.get(1));

            Cell dq = bench.roomHalves(batch, time, heads, size);
            Cell dk = bench.roomHalves(batch, time, groups, size);
            Cell dv = bench.roomHalves(batch, time, groups, size);
            List<Cell> operands = List.of(q, k, v, y, logSumExp, dy);
            List<double[]> gradients =
                    bench.reference(new CausalAttentionGrad(window, scale), operands.toArray(Cell[]::new));
            statistics(bench, builtIn, operands);
            queries(bench, builtIn, scale, operands, dq, window);
            keys(bench, builtIn, scale, operands, dk.at(), dv.at(), window);
            bench.run();
            bench.checkRounded("dq", dq, gradients.get(0));
            bench.checkRounded("dk", dk, gradients.get(1));
            bench.checkRounded("dv", dv, gradients.get(2));
            bench.checkMargins("attention");
        }
    }

    @Test
    @DisplayName("one gradient alone, where the two are in different arrays")
    void oneResultAlone() {
        Workbench bench = new Workbench(5, 1 << 14);
        Cell q = bench.normalHalves(1, 20, 2, 16);
        Cell k = bench.normalHalves(1, 20, 1, 16);
        Cell v = bench.normalHalves(1, 20, 1, 16);
        Cell dy = bench.normalHalves(1, 20, 2, 16);
        Cell y = bench.roomHalves(1, 20, 2, 16);
        Cell logSumExp = bench.room(1, 2, 20);
        forward(bench, 1, 0.25f, List.of(q, k, v), y, logSumExp, 20);
        bench.run();
        List<Cell> operands = List.of(q, k, v, y, logSumExp, dy);
        List<double[]> gradients = bench.reference(new CausalAttentionGrad(20, 0.25f), operands.toArray(Cell[]::new));
        for (int alone = 1; alone <= 2; alone++) {
            Cell dk = bench.roomHalves(1, 20, 1, 16);
            Cell dv = bench.roomHalves(1, 20, 1, 16);
            double[] garbage = bench.read(dk);
            statistics(bench, 1, operands);
            keys(bench, 1, 0.25f, operands, alone == 1 ? dk.at() : -1, alone == 2 ? dv.at() : -1, 20);
            bench.run();
            bench.checkRounded("alone", alone == 1 ? dk : dv, gradients.get(alone));
            bench.check("left out", 0, alone == 1 ? dv : dk, garbage);
        }
    }

    @Test
    @DisplayName("nothing in the kernels that TornadoVM refuses")
    void scanned() {
        for (SimulatedDevice device : List.of(SimulatedDevice.CUDA, SimulatedDevice.OPENCL)) {
            assertEquals(
                    List.of(),
                    KernelScan.of(List.of(NarrowAttentionKernels.class, NarrowAttentionGradKernels.class), device));
        }
    }

    private static void forward(
            Workbench bench, int builtIn, float scale, List<Cell> in, Cell y, Cell logSumExp, int window) {
        int batch = y.type().shape().dim(0);
        int time = y.type().shape().dim(1);
        int heads = y.type().shape().dim(2);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        NarrowAttentionKernels::forward,
                        bench.context,
                        builtIn,
                        scale,
                        bench.halves,
                        in.get(0).at(),
                        bench.halves,
                        in.get(1).at(),
                        bench.halves,
                        in.get(2).at(),
                        bench.floats,
                        logSumExp.at(),
                        bench.halves,
                        y.at(),
                        time,
                        Heads.pack(heads, in.get(1).type().shape().dim(2)),
                        y.type().shape().dim(3),
                        window),
                AttentionKernels.launch(batch, time, heads));
    }

    /** Operands q, k, v, y, log-sum-exp, dy, here and below. */
    private static void statistics(Workbench bench, int builtIn, List<Cell> in) {
        int batch = in.get(0).type().shape().dim(0);
        int time = in.get(0).type().shape().dim(1);
        int heads = in.get(0).type().shape().dim(2);
        int size = in.get(0).type().shape().dim(3);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        NarrowAttentionGradKernels::statistics,
                        bench.context,
                        builtIn,
                        bench.halves,
                        in.get(3).at(),
                        bench.halves,
                        in.get(5).at(),
                        bench.floats,
                        in.get(4).at(),
                        bench.scratch,
                        3,
                        time,
                        heads,
                        size),
                RowKernels.launch(batch * time * heads, size));
    }

    private static void queries(Workbench bench, int builtIn, float scale, List<Cell> in, Cell dq, int window) {
        int batch = in.get(0).type().shape().dim(0);
        int time = in.get(0).type().shape().dim(1);
        int heads = in.get(0).type().shape().dim(2);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        NarrowAttentionGradKernels::queries,
                        bench.context,
                        builtIn,
                        scale,
                        bench.halves,
                        in.get(0).at(),
                        bench.halves,
                        in.get(1).at(),
                        bench.halves,
                        in.get(2).at(),
                        bench.halves,
                        in.get(5).at(),
                        bench.scratch,
                        3,
                        bench.halves,
                        dq.at(),
                        time,
                        Heads.pack(heads, in.get(1).type().shape().dim(2)),
                        in.get(0).type().shape().dim(3),
                        window),
                AttentionKernels.launch(batch, time, heads));
    }

    private static void keys(Workbench bench, int builtIn, float scale, List<Cell> in, int dkAt, int dvAt, int window) {
        int batch = in.get(0).type().shape().dim(0);
        int time = in.get(0).type().shape().dim(1);
        int heads = in.get(0).type().shape().dim(2);
        int groups = in.get(1).type().shape().dim(2);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        NarrowAttentionGradKernels::keys,
                        bench.context,
                        builtIn,
                        scale,
                        bench.halves,
                        in.get(0).at(),
                        bench.halves,
                        in.get(1).at(),
                        bench.halves,
                        in.get(2).at(),
                        bench.halves,
                        in.get(5).at(),
                        bench.scratch,
                        3,
                        bench.halves,
                        dkAt,
                        dvAt,
                        time,
                        Heads.pack(heads, groups),
                        in.get(0).type().shape().dim(3),
                        window),
                AttentionGradKernels.keysLaunch(batch, time, groups));
    }
}
