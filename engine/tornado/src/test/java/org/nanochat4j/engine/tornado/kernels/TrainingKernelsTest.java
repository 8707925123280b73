package org.nanochat4j.engine.tornado.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.MuonMomentum;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.tornado.kernels.Workbench.Cell;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The loss and the optimizers. */
class TrainingKernelsTest {
    private static final double BOUND = 5e-6;

    @ParameterizedTest(name = "{0} rows of {1}, vocabulary {2} of {3}, cap {4}, chunks of {5}")
    @CsvSource({"1,1,1,1,0,1", "7,9,300,320,15,3", "33,20,65,65,2,33", "10,5,700,704,0,4"})
    void loss(int rows, int width, int vocabulary, int padded, float cap, int chunk) {
        Workbench bench = new Workbench(rows, 1 << 16);
        Cell x = bench.normal(rows, width);
        Cell w = bench.normal(padded, width);
        Cell targets = bench.ids(-1, vocabulary - 1, rows);
        bench.ints.set(targets.at(), 0);
        float bound = cap == 0 ? Float.POSITIVE_INFINITY : cap;
        List<double[]> expected = bench.reference(new SoftcapCrossEntropy(bound, vocabulary, true), x, w, targets);
        Cell mean = bench.room(1);
        Cell losses = bench.room(rows);
        Cell dx = bench.room(rows, width);
        Cell dw = bench.room(padded, width);
        count(bench, targets, rows);
        for (int first = 0; first < rows; first += chunk) {
            int count = Math.min(chunk, rows - first);
            chunk(bench, cap, x, w, targets, losses, dx, dw, new int[] {first, count, width, vocabulary});
        }
        if (padded > vocabulary) {
            int n = (padded - vocabulary) * width;
            bench.task(
                    TaskPackage.createPackage(
                            bench.next(),
                            PointwiseKernels::fill,
                            bench.context,
                            0f,
                            bench.floats,
                            dw.at() + vocabulary * width,
                            n),
                    Launch.elements(n));
        }
        mean(bench, losses, mean, rows);
        bench.run();
        bench.check("mean", BOUND, mean, expected.get(0));
        bench.check("losses", BOUND, losses, expected.get(1));
        bench.check("dx", 2e-5, dx, expected.get(2));
        bench.check("dw", 2e-5, dw, expected.get(3));
        bench.checkMargins("loss");
    }

    private static void count(Workbench bench, Cell targets, int rows) {
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        LossKernels::count,
                        bench.context,
                        bench.ints,
                        targets.at(),
                        bench.scratch,
                        0,
                        rows),
                LossKernels.oneGroup());
    }

    private static void mean(Workbench bench, Cell losses, Cell mean, int rows) {
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        LossKernels::mean,
                        bench.context,
                        bench.floats,
                        losses.at(),
                        bench.scratch,
                        0,
                        bench.floats,
                        mean.at(),
                        rows),
                LossKernels.oneGroup());
    }

    /** One chunk: first row, rows, width, vocabulary. */
    private static void chunk(
            Workbench bench, float cap, Cell x, Cell w, Cell targets, Cell losses, Cell dx, Cell dw, int[] sizes) {
        int first = sizes[0];
        int count = sizes[1];
        int width = sizes[2];
        int vocabulary = sizes[3];
        int logits = 16;
        product(bench, bench.floats, x.at() + first * width, bench.floats, w.at(), bench.scratch, logits, new int[] {
            count, vocabulary, width, 0, 1, 0
        });
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        LossKernels::crossEntropy,
                        bench.context,
                        cap,
                        bench.ints,
                        targets.at() + first,
                        bench.scratch,
                        0,
                        bench.scratch,
                        logits,
                        bench.floats,
                        losses.at() + first,
                        vocabulary,
                        1),
                LossKernels.launch(count));
        product(bench, bench.scratch, logits, bench.floats, w.at(), bench.floats, dx.at() + first * width, new int[] {
            count, width, vocabulary, 0, 0, 0
        });
        product(bench, bench.scratch, logits, bench.floats, x.at() + first * width, bench.floats, dw.at(), new int[] {
            vocabulary, width, count, 1, 0, first == 0 ? 0 : 1
        });
    }

    /** m, n, k, transpose a, transpose b, add. */
    private static void product(
            Workbench bench, FloatArray a, int aAt, FloatArray b, int bAt, FloatArray c, int cAt, int[] sizes) {
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        GemmKernels::multiply,
                        bench.context,
                        a,
                        aAt,
                        b,
                        bAt,
                        c,
                        cAt,
                        sizes[0],
                        sizes[1],
                        sizes[2],
                        sizes[3],
                        sizes[4],
                        sizes[5]),
                GemmKernels.launch(sizes[0], sizes[1], 1));
    }

    @Test
    @DisplayName("a target outside the vocabulary makes loss and mean NaN, and so does having no target")
    void wrongTargets() {
        Workbench bench = new Workbench(11, 1 << 12);
        Cell x = bench.normal(3, 4);
        Cell w = bench.normal(5, 4);
        Cell targets = bench.ids(5, 5, 3);
        bench.ints.set(targets.at(), 2);
        bench.ints.set(targets.at() + 2, -1);
        Cell mean = bench.values(0);
        Cell losses = bench.values(0, 0, 0);
        Cell dx = bench.room(3, 4);
        Cell dw = bench.room(5, 4);
        count(bench, targets, 3);
        chunk(bench, 15f, x, w, targets, losses, dx, dw, new int[] {0, 3, 4, 5});
        mean(bench, losses, mean, 3);
        bench.run();
        double[] found = bench.read(losses);
        assertTrue(found[0] > 0 && Double.isNaN(found[1]) && found[2] == 0, "losses");
        assertTrue(Double.isNaN(bench.read(mean)[0]), "mean");

        bench.ints.set(targets.at(), -1);
        bench.ints.set(targets.at() + 1, -1);
        bench.floats.set(mean.at(), 0f);
        count(bench, targets, 3);
        chunk(bench, 15f, x, w, targets, losses, dx, dw, new int[] {0, 3, 4, 5});
        mean(bench, losses, mean, 3);
        bench.run();
        assertTrue(Double.isNaN(bench.read(mean)[0]), "mean of nothing");
        bench.check("dx", 0, dx, new double[12]);
    }

    @Test
    @DisplayName("chunks of the loss are nearly equal and hold 128 MiB of logits at most")
    void chunks() {
        assertEquals(1024, LossKernels.chunkRows(4096, 32768));
        assertEquals(1, LossKernels.chunkRows(7, 1 << 26));
        assertEquals(100, LossKernels.chunkRows(100, 65));
        assertEquals(683, LossKernels.chunkRows(2049, 32768));
    }

    @Test
    void adamW() {
        AdamWStep op = new AdamWStep(0.8f, 0.95f, 1e-10f, 0.1f);
        Workbench bench = new Workbench(12, 1 << 13);
        int n = 300;
        Cell p = bench.normal(n);
        Cell g = bench.normal(n);
        Cell m = bench.normal(n);
        Cell v = bench.uniform(0, 1, n);
        Cell hyper = bench.values(0.02, 0.6, 0.3);
        List<double[]> expected = bench.written(op, p, g, m, v, hyper);
        // The same again, one task for each written array.
        Cell p2 = bench.values(bench.read(p));
        Cell m2 = bench.values(bench.read(m));
        Cell v2 = bench.values(bench.read(v));
        FloatArray x = bench.floats;
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        AdamWKernels::adamW,
                        bench.context,
                        x,
                        g.at(),
                        x,
                        hyper.at(),
                        x,
                        p.at(),
                        m.at(),
                        v.at(),
                        1 - op.beta1(),
                        1 - op.beta2(),
                        op.eps(),
                        op.weightDecay(),
                        n),
                Launch.elements(n));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), AdamWKernels::moment, bench.context, 1 - op.beta1(), 0, x, g.at(), x, m2.at(), n),
                Launch.elements(n));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), AdamWKernels::moment, bench.context, 1 - op.beta2(), 1, x, g.at(), x, v2.at(), n),
                Launch.elements(n));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        AdamWKernels::descend,
                        bench.context,
                        x,
                        m2.at(),
                        x,
                        v2.at(),
                        x,
                        hyper.at(),
                        x,
                        p2.at(),
                        op.eps(),
                        op.weightDecay(),
                        n),
                Launch.elements(n));
        bench.run();
        for (List<Cell> written : List.of(List.of(p, m, v), List.of(p2, m2, v2))) {
            bench.check("p", 1e-6, written.get(0), expected.get(0));
            bench.check("m", 1e-6, written.get(1), expected.get(2));
            bench.check("v", 1e-6, written.get(2), expected.get(3));
        }
        bench.checkMargins("adamW");
    }

    @ParameterizedTest(name = "{0} matrices ({1}, {2})")
    @CsvSource({"1,1,1", "2,7,5", "3,5,9", "2,40,40", "1,300,2", "2,3,260"})
    void muon(int count, int rows, int columns) {
        Workbench bench = new Workbench(rows + 100L * columns, 1 << 14);
        int n = rows * columns;
        Cell buffer = bench.normal(count, rows, columns);
        Cell hyper = bench.values(0.02, 0.9, 0.3);
        List<Cell> gradients = new ArrayList<>();
        List<Cell> parameters = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            gradients.add(bench.normal(rows, columns));
            parameters.add(bench.normal(rows, columns));
        }
        boolean tall = rows >= columns;
        Cell second = tall ? bench.uniform(0.1, 1, count, rows, 1) : bench.uniform(0.1, 1, count, 1, columns);
        Cell mixed = bench.room(count, rows, columns);
        Cell normed = bench.room(count, rows, columns);
        List<Cell> momentum = new ArrayList<>(List.of(buffer, hyper));
        momentum.addAll(gradients);
        double[] expectedMix = bench.reference(new MuonMomentum(), momentum.toArray(Cell[]::new))
                .getFirst();
        double[] expectedBuffer =
                bench.written(new MuonMomentum(), momentum.toArray(Cell[]::new)).getFirst();
        FloatArray x = bench.floats;
        for (int k = 0; k < count; k++) {
            bench.task(
                    TaskPackage.createPackage(
                            bench.next(),
                            MuonKernels::nesterov,
                            bench.context,
                            x,
                            hyper.at(),
                            x,
                            gradients.get(k).at(),
                            x,
                            buffer.at() + k * n,
                            bench.scratch,
                            k * n,
                            n),
                    Launch.elements(n));
        }
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), CopyKernels::copy, bench.context, bench.scratch, 0, x, mixed.at(), count * n),
                Launch.elements((long) count * n));
        rowSquares(bench, mixed, count * rows, columns);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), MuonKernels::equilibrate, bench.context, bench.scratch, 0, rows),
                MuonKernels.launch(count));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        RowKernels::scaleRows,
                        bench.context,
                        x,
                        mixed.at(),
                        bench.scratch,
                        0,
                        x,
                        normed.at(),
                        count * rows,
                        columns),
                Launch.elements((long) count * n));
        bench.run();
        bench.check("mix", 1e-6, mixed, expectedMix);
        bench.check("buffer", 1e-6, buffer, expectedBuffer);
        bench.check(
                "normalize",
                BOUND,
                normed,
                bench.reference(new MuonNormalize(), mixed).getFirst());

        List<Cell> update = new ArrayList<>(List.of(second, hyper, normed));
        update.addAll(parameters);
        List<double[]> expected = bench.written(new MuonUpdate(0.9f), update.toArray(Cell[]::new));
        if (tall) {
            rowSquares(bench, normed, count * rows, columns);
        } else {
            bench.task(
                    TaskPackage.createPackage(
                            bench.next(),
                            MuonKernels::columnSquares,
                            bench.context,
                            x,
                            normed.at(),
                            bench.scratch,
                            0,
                            rows,
                            columns),
                    MuonKernels.columnLaunch(count, columns));
        }
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        MuonKernels::variance,
                        bench.context,
                        1 - 0.9f,
                        x,
                        second.at(),
                        bench.scratch,
                        0,
                        rows,
                        columns),
                MuonKernels.launch(count));
        for (int k = 0; k < count; k++) {
            bench.task(
                    TaskPackage.createPackage(
                            bench.next(),
                            MuonKernels::descend,
                            bench.context,
                            x,
                            hyper.at(),
                            x,
                            normed.at() + k * n,
                            bench.scratch,
                            k * Math.max(rows, columns),
                            x,
                            parameters.get(k).at(),
                            rows,
                            columns),
                    Launch.elements(n));
        }
        bench.run();
        bench.check("second", BOUND, second, expected.getFirst());
        for (int k = 0; k < count; k++) {
            bench.check("parameter", BOUND, parameters.get(k), expected.get(3 + k));
        }
        bench.checkMargins("muon");
    }

    private static void rowSquares(Workbench bench, Cell x, int rows, int columns) {
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        RowKernels::rowDot,
                        bench.context,
                        bench.floats,
                        x.at(),
                        bench.floats,
                        x.at(),
                        bench.scratch,
                        0,
                        columns),
                RowKernels.launch(rows, columns));
    }
}
