package org.nanochat4j.engine.tornado.kernels;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.engine.op.CachedAttention;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.KvAppend;
import org.nanochat4j.engine.tornado.kernels.Workbench.Cell;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task15;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task18;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task19;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class AttentionKernelsTest {
    private static final double BOUND = 1e-5;

    @ParameterizedTest(name = "batch {0}, time {1}, heads {2} over {3}, size {4}, window {5}")
    @CsvSource({
        "1,1,1,1,8,1",
        "2,7,2,1,16,3",
        "1,64,1,1,128,64",
        "1,65,3,3,20,65",
        "2,130,4,2,32,40",
        "1,100,2,1,64,1",
        "1,129,1,1,5,200"
    })
    void forwardAndBackward(int batch, int time, int heads, int groups, int size, int window) {
        forwardAndBackward(false, batch, time, heads, groups, size, window);
        forwardAndBackward(true, batch, time, heads, groups, size, window);
    }

    /** On a GPU's kernels, or a processor's. */
    private static void forwardAndBackward(
            boolean panels, int batch, int time, int heads, int groups, int size, int window) {
        Workbench bench = new Workbench(time + 1000L * size, 1 << 18);
        float scale = (float) (1 / Math.sqrt(size));
        Cell q = bench.normal(batch, time, heads, size);
        Cell k = bench.normal(batch, time, groups, size);
        Cell v = bench.normal(batch, time, groups, size);
        Cell dy = bench.normal(batch, time, heads, size);
        Cell y = bench.room(batch, time, heads, size);
        Cell logSumExp = bench.room(batch, heads, time);
        List<double[]> expected = bench.reference(new CausalAttention(window, scale), q, k, v);
        forward(bench, panels, scale, q, k, v, y.at(), logSumExp.at(), window);
        bench.run();
        bench.check("y", BOUND, y, expected.get(0));
        bench.check("log-sum-exp", BOUND, logSumExp, expected.get(1));

        Cell dq = bench.room(batch, time, heads, size);
        Cell dk = bench.room(batch, time, groups, size);
        Cell dv = bench.room(batch, time, groups, size);
        List<double[]> gradients = bench.reference(new CausalAttentionGrad(window, scale), q, k, v, y, logSumExp, dy);
        backward(bench, panels, scale, List.of(q, k, v, y, logSumExp, dy), dq, dk.at(), dv.at(), window);
        bench.run();
        bench.check("dq", BOUND, dq, gradients.get(0));
        bench.check("dk", BOUND, dk, gradients.get(1));
        bench.check("dv", BOUND, dv, gradients.get(2));
        bench.checkMargins("attention");
    }

    @ParameterizedTest(name = "only result {0} where the two are in different arrays")
    @CsvSource({"0", "1"})
    void oneResultAlone(int result) {
        for (boolean panels : new boolean[] {false, true}) {
            oneResultAlone(panels, result);
        }
    }

    private static void oneResultAlone(boolean panels, int result) {
        Workbench bench = new Workbench(5, 1 << 16);
        Cell q = bench.normal(1, 20, 2, 16);
        Cell k = bench.normal(1, 20, 1, 16);
        Cell v = bench.normal(1, 20, 1, 16);
        Cell dy = bench.normal(1, 20, 2, 16);
        Cell y = bench.values(
                bench.reference(new CausalAttention(20, 0.25f), q, k, v).get(0));
        Cell logSumExp = bench.values(
                bench.reference(new CausalAttention(20, 0.25f), q, k, v).get(1));
        Cell yAgain = bench.room(1, 20, 2, 16);
        Cell logSumExpAgain = bench.room(1, 2, 20);
        Cell dq = bench.room(1, 20, 2, 16);
        Cell dk = bench.room(1, 20, 1, 16);
        Cell dv = bench.room(1, 20, 1, 16);
        List<double[]> gradients = bench.reference(
                new CausalAttentionGrad(20, 0.25f),
                q,
                k,
                v,
                new Cell(y.at(), q.type()),
                new Cell(logSumExp.at(), logSumExpAgain.type()),
                dy);
        forward(
                bench,
                panels,
                0.25f,
                q,
                k,
                v,
                result == 0 ? yAgain.at() : -1,
                result == 1 ? logSumExpAgain.at() : -1,
                20);
        backward(
                bench,
                panels,
                0.25f,
                List.of(q, k, v, y, logSumExp, dy),
                dq,
                result == 0 ? dk.at() : -1,
                result == 1 ? dv.at() : -1,
                20);
        double[] garbage = bench.read(result == 0 ? logSumExpAgain : yAgain);
        double[] gradientGarbage = bench.read(dv);
        bench.run();
        bench.check("left out", 0, result == 0 ? logSumExpAgain : yAgain, garbage);
        bench.check("left out", 0, result == 0 ? dv : dk, gradientGarbage);
        bench.check("gradient", BOUND, result == 0 ? dk : dv, gradients.get(1 + result));
        bench.check("result", BOUND, result == 0 ? yAgain : logSumExpAgain, bench.read(result == 0 ? y : logSumExp));
    }

    private static void forward(
            Workbench bench,
            boolean panels,
            float scale,
            Cell q,
            Cell k,
            Cell v,
            int yAt,
            int logSumExpAt,
            int window) {
        int batch = q.type().shape().dim(0);
        int time = q.type().shape().dim(1);
        int heads = q.type().shape().dim(2);
        Task15<
                        KernelContext,
                        Float,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        Integer,
                        Integer,
                        Integer,
                        Integer,
                        Integer>
                kernel = panels ? PanelAttentionKernels::forward : AttentionKernels::forward;
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        kernel,
                        bench.context,
                        scale,
                        bench.floats,
                        q.at(),
                        bench.floats,
                        k.at(),
                        bench.floats,
                        v.at(),
                        bench.floats,
                        yAt,
                        logSumExpAt,
                        time,
                        Heads.pack(heads, k.type().shape().dim(2)),
                        q.type().shape().dim(3),
                        window),
                panels
                        ? PanelAttentionKernels.launch(batch, time, heads)
                        : AttentionKernels.launch(batch, time, heads));
    }

    /** Operands q, k, v, y, log-sum-exp, dy. */
    private static void backward(
            Workbench bench, boolean panels, float scale, List<Cell> in, Cell dq, int dkAt, int dvAt, int window) {
        int batch = in.get(0).type().shape().dim(0);
        int time = in.get(0).type().shape().dim(1);
        int heads = in.get(0).type().shape().dim(2);
        int groups = in.get(1).type().shape().dim(2);
        int size = in.get(0).type().shape().dim(3);
        Task18<
                        KernelContext,
                        Float,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        Integer,
                        Integer,
                        Integer,
                        Integer>
                queries = panels ? PanelAttentionGradKernels::queries : AttentionGradKernels::queries;
        Task19<
                        KernelContext,
                        Float,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        Integer,
                        Integer,
                        Integer,
                        Integer,
                        Integer>
                keys = panels ? PanelAttentionGradKernels::keys : AttentionGradKernels::keys;
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        AttentionGradKernels::statistics,
                        bench.context,
                        bench.floats,
                        in.get(3).at(),
                        bench.floats,
                        in.get(5).at(),
                        bench.floats,
                        in.get(4).at(),
                        bench.scratch,
                        3,
                        time,
                        heads,
                        size),
                RowKernels.launch(batch * time * heads, size));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        queries,
                        bench.context,
                        scale,
                        bench.floats,
                        in.get(0).at(),
                        bench.floats,
                        in.get(1).at(),
                        bench.floats,
                        in.get(2).at(),
                        bench.floats,
                        in.get(5).at(),
                        bench.scratch,
                        3,
                        bench.floats,
                        dq.at(),
                        time,
                        Heads.pack(heads, groups),
                        size,
                        window),
                panels
                        ? PanelAttentionKernels.launch(batch, time, heads)
                        : AttentionKernels.launch(batch, time, heads));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        keys,
                        bench.context,
                        scale,
                        bench.floats,
                        in.get(0).at(),
                        bench.floats,
                        in.get(1).at(),
                        bench.floats,
                        in.get(2).at(),
                        bench.floats,
                        in.get(5).at(),
                        bench.scratch,
                        3,
                        bench.floats,
                        dkAt,
                        dvAt,
                        time,
                        Heads.pack(heads, groups),
                        size,
                        window),
                panels
                        ? PanelAttentionKernels.launch(batch, time, groups)
                        : AttentionGradKernels.keysLaunch(batch, time, groups));
    }

    @ParameterizedTest(name = "cache of {1} positions, heads {2} over {3}, size {4}, window {5}")
    @CsvSource({"2,1,1,1,8,0", "3,50,4,2,16,50", "2,300,2,1,128,200", "1,129,3,1,5,1000"})
    void cached(int batch, int room, int heads, int groups, int size, int window) {
        Workbench bench = new Workbench(room, 1 << 18);
        Cell cacheOfKeys = bench.normal(batch, room, groups, size);
        Cell cacheOfValues = bench.normal(batch, room, groups, size);
        Cell q = bench.normal(batch, 1, heads, size);
        Cell positions = bench.ids(0, room - 1, batch);
        Cell y = bench.room(batch, 1, heads, size);
        float scale = (float) (1 / Math.sqrt(size));
        double[] expected = bench.reference(
                        new CachedAttention(window, scale), q, cacheOfKeys, cacheOfValues, positions)
                .getFirst();
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        DecodeKernels::attention,
                        bench.context,
                        scale,
                        bench.floats,
                        q.at(),
                        bench.floats,
                        cacheOfKeys.at(),
                        bench.floats,
                        cacheOfValues.at(),
                        bench.ints,
                        positions.at(),
                        bench.floats,
                        y.at(),
                        room,
                        Heads.pack(heads, groups),
                        size,
                        window),
                DecodeKernels.launch(batch, heads));
        bench.run();
        bench.check("y", BOUND, y, expected);
        bench.checkMargins("cached attention");
    }

    @ParameterizedTest(name = "{1} tokens into a cache of {2}")
    @CsvSource({"2,1,4", "3,5,7", "1,6,6"})
    void append(int batch, int time, int room) {
        Workbench bench = new Workbench(time, 1 << 12);
        Cell cache = bench.normal(batch, room, 2, 5);
        Cell x = bench.normal(batch, time, 2, 5);
        Cell start = bench.ids(0, room, batch);
        double[] expected = bench.written(new KvAppend(), cache, x, start).getFirst();
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        CopyKernels::append,
                        bench.context,
                        bench.floats,
                        x.at(),
                        bench.ints,
                        start.at(),
                        bench.floats,
                        cache.at(),
                        batch,
                        time,
                        room,
                        10),
                Launch.elements(x.elements()));
        bench.run();
        bench.check("cache", 0, cache, expected);
        bench.checkMargins("append");
    }
}
