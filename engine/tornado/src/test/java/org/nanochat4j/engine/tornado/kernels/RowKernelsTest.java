package org.nanochat4j.engine.tornado.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.Concat;
import org.nanochat4j.engine.op.Dot;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.Pad;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.op.RowDot;
import org.nanochat4j.engine.op.ScaleRows;
import org.nanochat4j.engine.op.ShiftTime;
import org.nanochat4j.engine.op.Slice;
import org.nanochat4j.engine.op.Sum;
import org.nanochat4j.engine.op.SumRows;
import org.nanochat4j.engine.tornado.kernels.Workbench.Cell;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class RowKernelsTest {
    private static final double BOUND = 2e-6;
    private static final float EPS = 0x1p-23f;

    @ParameterizedTest(name = "{0} rows of {1}")
    @CsvSource({"1,2", "5,3", "7,32", "3,33", "4,130", "2,1000", "70,31"})
    void rows(int rows, int columns) {
        Workbench bench = new Workbench(rows + 100L * columns, 1 << 16);
        Cell a = bench.normal(rows, columns);
        Cell b = bench.normal(rows, columns);
        Cell row = bench.normal(columns);
        Cell factors = bench.normal(rows);
        Cell added = bench.room(rows, columns);
        Cell scaled = bench.room(rows, columns);
        Cell dots = bench.room(rows);
        Cell sums = bench.room(columns);
        Cell normed = bench.room(rows, columns);
        Cell gradient = bench.room(rows, columns);
        FloatArray x = bench.floats;
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        RowKernels::addRow,
                        bench.context,
                        x,
                        a.at(),
                        x,
                        row.at(),
                        x,
                        added.at(),
                        rows,
                        columns),
                Launch.elements(a.elements()));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        RowKernels::scaleRows,
                        bench.context,
                        x,
                        a.at(),
                        x,
                        factors.at(),
                        x,
                        scaled.at(),
                        rows,
                        columns),
                Launch.elements(a.elements()));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), RowKernels::rowDot, bench.context, x, a.at(), x, b.at(), x, dots.at(), columns),
                RowKernels.launch(rows, columns));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), RowKernels::sumRows, bench.context, x, a.at(), x, sums.at(), rows, columns),
                RowKernels.sumRowsLaunch(columns));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), NormKernels::rms, bench.context, EPS, x, a.at(), x, normed.at(), columns),
                RowKernels.launch(rows, columns));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        NormKernels::rmsGrad,
                        bench.context,
                        EPS,
                        x,
                        a.at(),
                        x,
                        b.at(),
                        x,
                        gradient.at(),
                        columns),
                RowKernels.launch(rows, columns));
        bench.run();
        bench.check("addRow", BOUND, added, bench.reference(new Add(), a, row).getFirst());
        bench.check(
                "scaleRows",
                BOUND,
                scaled,
                bench.reference(new ScaleRows(), a, factors).getFirst());
        bench.check("rowDot", 1e-5, dots, bench.reference(new RowDot(), a, b).getFirst());
        bench.check("sumRows", 1e-5, sums, bench.reference(new SumRows(), a).getFirst());
        bench.check("rms", BOUND, normed, bench.reference(new RmsNorm(EPS), a).getFirst());
        bench.check(
                "rmsGrad",
                1e-5,
                gradient,
                bench.reference(new RmsNormGrad(EPS), a, b).getFirst());
        bench.checkMargins("rows");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 256, 4096, 4097, 30_000})
    void sums(int n) {
        Workbench bench = new Workbench(n, 1 << 17);
        Cell a = bench.uniform(0, 1, n);
        Cell b = bench.uniform(0, 1, n);
        Cell sum = bench.room(1);
        Cell dot = bench.room(1);
        FloatArray x = bench.floats;
        int groups = ReductionKernels.groups(n);
        assertEquals(Math.max(1, (n + 4095) / 4096), groups);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), ReductionKernels::sum, bench.context, x, a.at(), bench.scratch, 7, n),
                ReductionKernels.launch(groups));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), ReductionKernels::sum, bench.context, bench.scratch, 7, x, sum.at(), groups),
                ReductionKernels.launch(1));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        ReductionKernels::sumProducts,
                        bench.context,
                        x,
                        a.at(),
                        x,
                        b.at(),
                        bench.scratch,
                        7,
                        n),
                ReductionKernels.launch(groups));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), ReductionKernels::sum, bench.context, bench.scratch, 7, x, dot.at(), groups),
                ReductionKernels.launch(1));
        bench.run();
        bench.check("sum", BOUND, sum, bench.reference(new Sum(), a).getFirst());
        bench.check("dot", BOUND, dot, bench.reference(new Dot(), a, b).getFirst());
    }

    @Test
    void blocksMove() {
        Workbench bench = new Workbench(1, 1 << 14);
        Cell x = bench.normal(3, 5, 4);
        Cell z = bench.normal(3, 2, 4);
        Cell sliced = bench.room(3, 2, 4);
        Cell padded = bench.room(3, 8, 4);
        Cell later = bench.room(3, 5, 4);
        Cell earlier = bench.room(3, 5, 4);
        Cell far = bench.room(3, 5, 4);
        Cell joined = bench.room(3, 7, 4);
        move(bench, x, 20, sliced.at(), 8, 8, -2 * 4, 3);
        move(bench, x, 20, padded.at(), 32, 32, 4, 3);
        move(bench, x, 20, later.at(), 20, 20, 2 * 4, 3);
        move(bench, x, 20, earlier.at(), 20, 20, -4, 3);
        move(bench, x, 20, far.at(), 20, 20, 9 * 4, 3);
        move(bench, x, 20, joined.at(), 28, 20, 0, 3);
        move(bench, z, 8, joined.at() + 20, 28, 8, 0, 3);
        bench.run();
        bench.check("slice", 0, sliced, bench.reference(new Slice(1, 2, 2), x).getFirst());
        bench.check("pad", 0, padded, bench.reference(new Pad(1, 1, 2), x).getFirst());
        bench.check("later", 0, later, bench.reference(new ShiftTime(2), x).getFirst());
        bench.check("earlier", 0, earlier, bench.reference(new ShiftTime(-1), x).getFirst());
        bench.check("far", 0, far, bench.reference(new ShiftTime(9), x).getFirst());
        bench.check("concat", 0, joined, bench.reference(new Concat(1), x, z).getFirst());
        bench.checkMargins("blocks");
    }

    private static void move(
            Workbench bench, Cell x, int xLength, int yAt, int yStride, int yLength, int shift, int blocks) {
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        CopyKernels::moveBlocks,
                        bench.context,
                        bench.floats,
                        x.at(),
                        xLength,
                        bench.floats,
                        yAt,
                        yStride,
                        yLength,
                        shift,
                        blocks),
                Launch.elements((long) blocks * yLength));
    }

    @Test
    void copies() {
        Workbench bench = new Workbench(2, 1 << 12);
        Cell x = bench.normal(300);
        Cell y = bench.room(300);
        Cell ids = bench.ids(-5, 5, 300);
        Cell same = bench.ids(0, 0, 300);
        Cell zeros = bench.ids(1, 1, 300);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        CopyKernels::copy,
                        bench.context,
                        bench.floats,
                        x.at(),
                        bench.floats,
                        y.at(),
                        300),
                Launch.elements(300));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        CopyKernels::copyInts,
                        bench.context,
                        bench.ints,
                        ids.at(),
                        bench.ints,
                        same.at(),
                        300),
                Launch.elements(300));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), CopyKernels::zeroInts, bench.context, bench.ints, zeros.at(), 300),
                Launch.elements(300));
        bench.run();
        bench.check("copy", 0, y, bench.read(x));
        bench.check("copyInts", 0, same, bench.read(ids));
        bench.check("zeroInts", 0, zeros, new double[300]);
        bench.checkMargins("copy");
    }

    @ParameterizedTest(name = "{0} ids in a table ({1}, {2})")
    @CsvSource({"1,1,1", "100,7,33", "300,2000,5", "65,30,130"})
    void embedding(int count, int rows, int columns) {
        Workbench bench = new Workbench(count, 1 << 16);
        Cell table = bench.normal(rows, columns);
        Cell ids = bench.ids(0, rows - 1, count);
        Cell y = bench.room(count, columns);
        Cell dy = bench.normal(count, columns);
        Cell gradient = bench.room(rows, columns);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        EmbeddingKernels::gather,
                        bench.context,
                        bench.floats,
                        table.at(),
                        bench.ints,
                        ids.at(),
                        bench.floats,
                        y.at(),
                        count,
                        rows,
                        columns),
                Launch.elements(y.elements()));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        EmbeddingKernels::chain,
                        bench.context,
                        bench.ints,
                        ids.at(),
                        bench.scratch,
                        9,
                        count,
                        rows),
                EmbeddingKernels.chainLaunch(count));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        EmbeddingKernels::grad,
                        bench.context,
                        bench.floats,
                        dy.at(),
                        bench.scratch,
                        9,
                        bench.floats,
                        gradient.at(),
                        rows,
                        columns),
                EmbeddingKernels.gradLaunch(rows, columns));
        bench.run();
        bench.check(
                "embedding", 0, y, bench.reference(new Embedding(), table, ids).getFirst());
        bench.check(
                "gradient",
                5e-6,
                gradient,
                bench.reference(new EmbeddingGrad(rows), dy, ids).getFirst());
        bench.checkMargins("embedding");
    }

    @Test
    void wrongIdsBecomeNaN() {
        Workbench bench = new Workbench(6, 1 << 12);
        Cell table = bench.normal(4, 3);
        Cell ids = bench.ids(0, 3, 5);
        bench.ints.set(ids.at() + 1, -1);
        bench.ints.set(ids.at() + 3, 4);
        Cell y = bench.values(new double[15]);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        EmbeddingKernels::gather,
                        bench.context,
                        bench.floats,
                        table.at(),
                        bench.ints,
                        ids.at(),
                        bench.floats,
                        y.at(),
                        5,
                        4,
                        3),
                Launch.elements(15));
        bench.run();
        double[] found = bench.read(y);
        for (int i = 0; i < 15; i++) {
            assertEquals(i / 3 == 1 || i / 3 == 3, Double.isNaN(found[i]), "element " + i + " is " + found[i]);
        }
    }

    @ParameterizedTest(name = "inverse {0}")
    @ValueSource(booleans = {false, true})
    void rope(boolean inverse) {
        Workbench bench = new Workbench(8, 1 << 13);
        Cell x = bench.normal(2, 5, 3, 8);
        Cell cos = bench.normal(20, 4);
        Cell sin = bench.normal(20, 4);
        Cell start = bench.ids(0, 15, 2);
        Cell y = bench.room(2, 5, 3, 8);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        RopeKernels::rope,
                        bench.context,
                        inverse ? -1f : 1f,
                        bench.floats,
                        x.at(),
                        bench.floats,
                        cos.at(),
                        bench.floats,
                        sin.at(),
                        bench.ints,
                        start.at(),
                        bench.floats,
                        y.at(),
                        2,
                        5,
                        3,
                        8,
                        20),
                Launch.elements(x.elements() / 2));
        bench.run();
        bench.check(
                "rope",
                BOUND,
                y,
                bench.reference(new Rope(inverse), x, cos, sin, start).getFirst());
        bench.checkMargins("rope");
    }
}
