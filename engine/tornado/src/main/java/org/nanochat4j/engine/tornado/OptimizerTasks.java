package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.tornado.kernels.AdamWKernels;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.MuonKernels;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** Tasks of the optimizer ops. */
final class OptimizerTasks {
    private OptimizerTasks() {}

    /** One task where the parameter and its moments lie in one array, otherwise three: a task may write only one array. */
    static void adamW(Work w, AdamWStep op) {
        Place p = w.in(0);
        Place m = w.in(2);
        Place v = w.in(3);
        if (p.sharesBank(m) && p.sharesBank(v)) {
            adamWAtOnce(w, op);
        } else {
            moment(w, 1f - op.beta1(), 0, m);
            moment(w, 1f - op.beta2(), 1, v);
            descend(w, op);
        }
    }

    private static void adamWAtOnce(Work w, AdamWStep op) {
        Place p = w.in(0);
        Place g = w.in(1);
        Place hyper = w.in(4);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        AdamWKernels::adamW,
                        w.context(),
                        g.floats(),
                        g.at(),
                        hyper.floats(),
                        hyper.at(),
                        p.floats(),
                        p.at(),
                        w.in(2).at(),
                        w.in(3).at(),
                        1f - op.beta1(),
                        1f - op.beta2(),
                        op.eps(),
                        op.weightDecay(),
                        n),
                Launch.elements(n));
    }

    private static void moment(Work w, float take, int squared, Place moment) {
        Place g = w.in(1);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        AdamWKernels::moment,
                        w.context(),
                        take,
                        squared,
                        g.floats(),
                        g.at(),
                        moment.floats(),
                        moment.at(),
                        n),
                Launch.elements(n));
    }

    private static void descend(Work w, AdamWStep op) {
        Place p = w.in(0);
        Place m = w.in(2);
        Place v = w.in(3);
        Place hyper = w.in(4);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        AdamWKernels::descend,
                        w.context(),
                        m.floats(),
                        m.at(),
                        v.floats(),
                        v.at(),
                        hyper.floats(),
                        hyper.at(),
                        p.floats(),
                        p.at(),
                        op.eps(),
                        op.weightDecay(),
                        n),
                Launch.elements(n));
    }

    static void momentum(Work w) {
        int count = w.shape(0).dim(0);
        int n = w.elements(0) / count;
        Place hyper = w.in(1);
        for (int k = 0; k < count; k++) {
            Place buffer = w.in(0).plus((long) k * n);
            Place g = w.in(2 + k);
            Place y = w.out(0).plus((long) k * n);
            w.add(
                    TaskPackage.createPackage(
                            w.next(),
                            MuonKernels::nesterov,
                            w.context(),
                            hyper.floats(),
                            hyper.at(),
                            g.floats(),
                            g.at(),
                            buffer.floats(),
                            buffer.at(),
                            y.floats(),
                            y.at(),
                            n),
                    Launch.elements(n));
        }
    }

    static void normalize(Work w) {
        Shape stack = w.shape(0); // (K, R, C)
        Place x = w.in(0);
        Place factors = w.scratch();
        RowTasks.rowDot(w, x, x, factors, stack.rows(), stack.dim(2));
        w.add(
                TaskPackage.createPackage(
                        w.next(), MuonKernels::equilibrate, w.context(), factors.floats(), factors.at(), stack.dim(1)),
                MuonKernels.launch(stack.dim(0)));
        RowTasks.scaleRows(w, x, factors, w.out(0), stack.rows(), stack.dim(2));
    }

    static void update(Work w, float beta2) {
        Shape stack = w.shape(2); // (K, R, C)
        int count = stack.dim(0);
        int rows = stack.dim(1);
        int columns = stack.dim(2);
        Place hyper = w.in(1);
        Place x = w.in(2);
        Place factors = w.scratch();
        if (rows >= columns) {
            RowTasks.rowDot(w, x, x, factors, stack.rows(), columns);
        } else {
            columnSquares(w, x, factors, stack);
        }
        variance(w, 1f - beta2, w.in(0), factors, stack);
        int lines = Math.max(rows, columns);
        for (int k = 0; k < count; k++) {
            Place p = w.in(3 + k);
            Place part = x.plus((long) k * rows * columns);
            Place lineFactors = factors.plus((long) k * lines);
            w.add(
                    TaskPackage.createPackage(
                            w.next(),
                            MuonKernels::descend,
                            w.context(),
                            hyper.floats(),
                            hyper.at(),
                            part.floats(),
                            part.at(),
                            lineFactors.floats(),
                            lineFactors.at(),
                            p.floats(),
                            p.at(),
                            rows,
                            columns),
                    Launch.elements((long) rows * columns));
        }
    }

    private static void columnSquares(Work w, Place x, Place y, Shape stack) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        MuonKernels::columnSquares,
                        w.context(),
                        x.floats(),
                        x.at(),
                        y.floats(),
                        y.at(),
                        stack.dim(1),
                        stack.dim(2)),
                MuonKernels.columnLaunch(stack.dim(0), stack.dim(2)));
    }

    private static void variance(Work w, float take, Place second, Place factors, Shape stack) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        MuonKernels::variance,
                        w.context(),
                        take,
                        second.floats(),
                        second.at(),
                        factors.floats(),
                        factors.at(),
                        stack.dim(1),
                        stack.dim(2)),
                MuonKernels.launch(stack.dim(0)));
    }
}
