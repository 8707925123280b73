package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.tornado.kernels.EmbeddingKernels;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.NormKernels;
import org.nanochat4j.engine.tornado.kernels.ReductionKernels;
import org.nanochat4j.engine.tornado.kernels.RopeKernels;
import org.nanochat4j.engine.tornado.kernels.RowKernels;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** Tasks of ops over the rows of a matrix, of tables, and of sums. */
final class RowTasks {
    private RowTasks() {}

    static void rmsNorm(Work w, float eps) {
        Place x = w.in(0);
        Place y = w.out(0);
        int columns = w.columns(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(), NormKernels::rms, w.context(), eps, x.floats(), x.at(), y.floats(), y.at(), columns),
                RowKernels.launch(w.rows(0), columns));
    }

    static void rmsNormGrad(Work w, float eps) {
        Place x = w.in(0);
        Place dy = w.in(1);
        Place dx = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NormKernels::rmsGrad,
                        w.context(),
                        eps,
                        x.floats(),
                        x.at(),
                        dy.floats(),
                        dy.at(),
                        dx.floats(),
                        dx.at(),
                        w.columns(0)),
                RowKernels.launch(w.rows(0), w.columns(0)));
    }

    static void rowDot(Work w) {
        rowDot(w, w.in(0), w.in(1), w.out(0), w.rows(0), w.columns(0));
    }

    /** y[r] = a[r, :] · b[r, :]. */
    static void rowDot(Work w, Place a, Place b, Place y, int rows, int columns) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        RowKernels::rowDot,
                        w.context(),
                        a.floats(),
                        a.at(),
                        b.floats(),
                        b.at(),
                        y.floats(),
                        y.at(),
                        columns),
                RowKernels.launch(rows, columns));
    }

    static void scaleRows(Work w) {
        scaleRows(w, w.in(0), w.in(1), w.out(0), w.rows(0), w.columns(0));
    }

    /** y[r, :] = s[r] x[r, :]. */
    static void scaleRows(Work w, Place x, Place s, Place y, int rows, int columns) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        RowKernels::scaleRows,
                        w.context(),
                        x.floats(),
                        x.at(),
                        s.floats(),
                        s.at(),
                        y.floats(),
                        y.at(),
                        rows,
                        columns),
                Launch.elements((long) rows * columns));
    }

    static void sumRows(Work w) {
        Place x = w.in(0);
        Place y = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        RowKernels::sumRows,
                        w.context(),
                        x.floats(),
                        x.at(),
                        y.floats(),
                        y.at(),
                        w.rows(0),
                        w.columns(0)),
                RowKernels.sumRowsLaunch(w.columns(0)));
    }

    static void sum(Work w) {
        int groups = ReductionKernels.groups(w.elements(0));
        if (groups == 1) {
            sum(w, w.in(0), w.out(0), w.elements(0), 1);
        } else {
            sum(w, w.in(0), w.scratch(), w.elements(0), groups);
            sum(w, w.scratch(), w.out(0), groups, 1);
        }
    }

    static void dot(Work w, Place a, Place b) {
        int n = w.elements(0);
        int groups = ReductionKernels.groups(n);
        Place y = groups == 1 ? w.out(0) : w.scratch();
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        ReductionKernels::sumProducts,
                        w.context(),
                        a.floats(),
                        a.at(),
                        b.floats(),
                        b.at(),
                        y.floats(),
                        y.at(),
                        n),
                ReductionKernels.launch(groups));
        if (groups > 1) {
            sum(w, y, w.out(0), groups, 1);
        }
    }

    private static void sum(Work w, Place x, Place y, int n, int groups) {
        w.add(
                TaskPackage.createPackage(
                        w.next(), ReductionKernels::sum, w.context(), x.floats(), x.at(), y.floats(), y.at(), n),
                ReductionKernels.launch(groups));
    }

    static void rope(Work w, boolean inverse) {
        Shape shape = w.shape(0); // (B, T, H, D)
        Place x = w.in(0);
        Place cos = w.in(1);
        Place sin = w.in(2);
        Place start = w.in(3);
        Place y = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        RopeKernels::rope,
                        w.context(),
                        inverse ? -1f : 1f,
                        x.floats(),
                        x.at(),
                        cos.floats(),
                        cos.at(),
                        sin.floats(),
                        sin.at(),
                        start.ints(),
                        start.at(),
                        y.floats(),
                        y.at(),
                        shape.dim(0),
                        shape.dim(1),
                        shape.dim(2),
                        shape.dim(3),
                        w.shape(1).dim(0)),
                Launch.elements(shape.elements() / 2));
    }

    static void embedding(Work w) {
        Place table = w.in(0);
        Place ids = w.in(1);
        Place y = w.out(0);
        int count = w.elements(1);
        int columns = w.columns(0);
        TaskPackage work = table.bank().dtype() == DType.BF16
                ? TaskPackage.createPackage(
                        w.next(),
                        EmbeddingKernels::gatherHalves,
                        w.context(),
                        table.halves(),
                        table.at(),
                        ids.ints(),
                        ids.at(),
                        y.halves(),
                        y.at(),
                        count,
                        w.shape(0).dim(0),
                        columns)
                : TaskPackage.createPackage(
                        w.next(),
                        EmbeddingKernels::gather,
                        w.context(),
                        table.floats(),
                        table.at(),
                        ids.ints(),
                        ids.at(),
                        y.floats(),
                        y.at(),
                        count,
                        w.shape(0).dim(0),
                        columns);
        w.add(work, Launch.elements((long) count * columns));
    }

    static void embeddingGrad(Work w, int rows) {
        if (KernelFamily.choose(w.op(), w.capabilities()) == KernelFamily.ATOMIC_ADDS_FP32) {
            addEmbeddingGrad(w, rows);
        } else {
            ownEmbeddingGrad(w, rows);
        }
    }

    private static void addEmbeddingGrad(Work w, int rows) {
        Place dy = w.in(0);
        Place ids = w.in(1);
        Place table = w.out(0);
        int count = w.elements(1);
        int columns = w.columns(0);
        PointwiseTasks.fill(w, table, (long) rows * columns, 0f);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        EmbeddingKernels::addRows,
                        w.context(),
                        dy.floats(),
                        dy.at(),
                        ids.ints(),
                        ids.at(),
                        table.floats(),
                        table.at(),
                        count,
                        rows,
                        columns),
                Launch.elements((long) count * columns));
    }

    private static void ownEmbeddingGrad(Work w, int rows) {
        Place dy = w.in(0);
        Place ids = w.in(1);
        Place chain = w.scratch();
        Place table = w.out(0);
        int count = w.elements(1);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        EmbeddingKernels::chain,
                        w.context(),
                        ids.ints(),
                        ids.at(),
                        chain.floats(),
                        chain.at(),
                        count,
                        rows),
                EmbeddingKernels.chainLaunch(count));
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        EmbeddingKernels::grad,
                        w.context(),
                        dy.floats(),
                        dy.at(),
                        chain.floats(),
                        chain.at(),
                        table.floats(),
                        table.at(),
                        rows,
                        w.columns(0)),
                EmbeddingKernels.gradLaunch(rows, w.columns(0)));
    }
}
