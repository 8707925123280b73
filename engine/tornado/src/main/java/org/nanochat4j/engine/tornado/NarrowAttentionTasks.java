package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.tornado.kernels.AttentionGradKernels;
import org.nanochat4j.engine.tornado.kernels.AttentionKernels;
import org.nanochat4j.engine.tornado.kernels.Heads;
import org.nanochat4j.engine.tornado.kernels.NarrowAttentionGradKernels;
import org.nanochat4j.engine.tornado.kernels.NarrowAttentionKernels;
import org.nanochat4j.engine.tornado.kernels.RowKernels;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** Tasks of causal attention over BF16 where kernels convert what they read and write: as {@link AttentionTasks}, without copies. */
final class NarrowAttentionTasks {
    private NarrowAttentionTasks() {}

    static void forward(Work w, int window, float scale) {
        Shape shape = w.shape(0); // (B, T, H, D)
        AttentionTasks.requireHeadSize(w);
        Place q = w.in(0);
        Place k = w.in(1);
        Place v = w.in(2);
        Place y = w.out(0);
        Place logSumExp = w.out(1);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowAttentionKernels::forward,
                        w.context(),
                        w.builtIn(),
                        scale,
                        q.halves(),
                        q.at(),
                        k.halves(),
                        k.at(),
                        v.halves(),
                        v.at(),
                        logSumExp.floats(),
                        logSumExp.at(),
                        y.halves(),
                        y.at(),
                        shape.dim(1),
                        Heads.pack(shape.dim(2), w.shape(1).dim(2)),
                        shape.dim(3),
                        Math.min(window, shape.dim(1))),
                AttentionKernels.launch(shape.dim(0), shape.dim(1), shape.dim(2)));
    }

    static void backward(Work w, int window, float scale) {
        AttentionTasks.requireHeadSize(w);
        statistics(w);
        queries(w, window, scale);
        Place dk = w.out(1);
        Place dv = w.out(2);
        if (dk.sharesBank(dv)) {
            keys(w, window, scale, dk, dk.at(), dv.at());
        } else { // a task may write one array only
            keys(w, window, scale, dk, dk.at(), AttentionTasks.NOWHERE);
            keys(w, window, scale, dv, AttentionTasks.NOWHERE, dv.at());
        }
    }

    private static void statistics(Work w) {
        Shape shape = w.shape(0); // (B, T, H, D)
        Place y = w.in(3);
        Place logSumExp = w.in(4);
        Place dy = w.in(5);
        Place statistics = w.scratch();
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowAttentionGradKernels::statistics,
                        w.context(),
                        w.builtIn(),
                        y.halves(),
                        y.at(),
                        dy.halves(),
                        dy.at(),
                        logSumExp.floats(),
                        logSumExp.at(),
                        statistics.floats(),
                        statistics.at(),
                        shape.dim(1),
                        shape.dim(2),
                        shape.dim(3)),
                RowKernels.launch(shape.rows(), shape.dim(3)));
    }

    private static void queries(Work w, int window, float scale) {
        Shape shape = w.shape(0); // (B, T, H, D)
        Place q = w.in(0);
        Place k = w.in(1);
        Place v = w.in(2);
        Place dy = w.in(5);
        Place statistics = w.scratch();
        Place dq = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowAttentionGradKernels::queries,
                        w.context(),
                        w.builtIn(),
                        scale,
                        q.halves(),
                        q.at(),
                        k.halves(),
                        k.at(),
                        v.halves(),
                        v.at(),
                        dy.halves(),
                        dy.at(),
                        statistics.floats(),
                        statistics.at(),
                        dq.halves(),
                        dq.at(),
                        shape.dim(1),
                        Heads.pack(shape.dim(2), w.shape(1).dim(2)),
                        shape.dim(3),
                        Math.min(window, shape.dim(1))),
                AttentionKernels.launch(shape.dim(0), shape.dim(1), shape.dim(2)));
    }

    private static void keys(Work w, int window, float scale, Place out, int dkAt, int dvAt) {
        Shape shape = w.shape(0); // (B, T, H, D)
        int groups = w.shape(1).dim(2);
        Place q = w.in(0);
        Place k = w.in(1);
        Place v = w.in(2);
        Place dy = w.in(5);
        Place statistics = w.scratch();
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowAttentionGradKernels::keys,
                        w.context(),
                        w.builtIn(),
                        scale,
                        q.halves(),
                        q.at(),
                        k.halves(),
                        k.at(),
                        v.halves(),
                        v.at(),
                        dy.halves(),
                        dy.at(),
                        statistics.floats(),
                        statistics.at(),
                        out.halves(),
                        dkAt,
                        dvAt,
                        shape.dim(1),
                        Heads.pack(shape.dim(2), groups),
                        shape.dim(3),
                        Math.min(window, shape.dim(1))),
                AttentionGradKernels.keysLaunch(shape.dim(0), shape.dim(1), groups));
    }
}
