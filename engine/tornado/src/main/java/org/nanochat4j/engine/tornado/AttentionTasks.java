package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.tornado.kernels.AttentionGradKernels;
import org.nanochat4j.engine.tornado.kernels.AttentionKernels;
import org.nanochat4j.engine.tornado.kernels.Heads;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.PanelAttentionGradKernels;
import org.nanochat4j.engine.tornado.kernels.PanelAttentionKernels;
import org.nanochat4j.engine.tornado.kernels.RowKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task15;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task18;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task19;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Tasks of causal attention: one forward, three backward. */
final class AttentionTasks {
    /** A kernel (scale, q, k, v, out, places of y and of the statistics, time, heads, size, window). */
    private interface Forward
            extends Task15<
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
                    Integer> {}

    /** A kernel (scale, q, k, v, dy, statistics, dq, time, heads, size, window). */
    private interface Queries
            extends Task18<
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
                    Integer> {}

    /** A kernel (scale, q, k, v, dy, statistics, out, places of dk and dv, time, heads, size, window). */
    private interface Keys
            extends Task19<
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
                    Integer> {}

    /** The place of a result that a task leaves out. */
    static final int NOWHERE = -1;

    private AttentionTasks() {}

    static void forward(Work w, int window, float scale) {
        requireHeadSize(w);
        Place y = w.out(0);
        Place logSumExp = w.out(1);
        if (y.sharesBank(logSumExp)) {
            forward(w, window, scale, y, y.at(), logSumExp.at());
        } else { // a task may write one array only
            forward(w, window, scale, y, y.at(), NOWHERE);
            forward(w, window, scale, logSumExp, NOWHERE, logSumExp.at());
        }
    }

    private static void forward(Work w, int window, float scale, Place out, int y, int logSumExp) {
        Shape shape = w.shape(0); // (B, T, H, D)
        Place q = w.in(0);
        Place k = w.in(1);
        Place v = w.in(2);
        Forward kernel = w.onProcessor() ? PanelAttentionKernels::forward : AttentionKernels::forward;
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        kernel,
                        w.context(),
                        scale,
                        q.floats(),
                        q.at(),
                        k.floats(),
                        k.at(),
                        v.floats(),
                        v.at(),
                        out.floats(),
                        y,
                        logSumExp,
                        shape.dim(1),
                        Heads.pack(shape.dim(2), w.shape(1).dim(2)),
                        shape.dim(3),
                        Math.min(window, shape.dim(1))),
                launch(w, shape));
    }

    private static Launch launch(Work w, Shape shape) {
        return w.onProcessor()
                ? PanelAttentionKernels.launch(shape.dim(0), shape.dim(1), shape.dim(2))
                : AttentionKernels.launch(shape.dim(0), shape.dim(1), shape.dim(2));
    }

    /** The kernels keep a whole head in local memory. */
    static void requireHeadSize(Work w) {
        int size = w.shape(0).dim(3);
        if (size > AttentionKernels.MOST_HEAD_SIZE) {
            throw new EngineException.BadProgram(w.op().name() + ": head size " + size
                    + ", the kernels of this backend take at most " + AttentionKernels.MOST_HEAD_SIZE + "\n  at "
                    + w.step().callSite() + "\n  remedy: use more and smaller heads, or the CPU backend");
        }
    }

    static void backward(Work w, int window, float scale) {
        statistics(w);
        queries(w, window, scale);
        Place dk = w.out(1);
        Place dv = w.out(2);
        if (dk.sharesBank(dv)) {
            keys(w, window, scale, dk, dk.at(), dv.at());
        } else {
            keys(w, window, scale, dk, dk.at(), NOWHERE);
            keys(w, window, scale, dv, NOWHERE, dv.at());
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
                        AttentionGradKernels::statistics,
                        w.context(),
                        y.floats(),
                        y.at(),
                        dy.floats(),
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
        Queries kernel = w.onProcessor() ? PanelAttentionGradKernels::queries : AttentionGradKernels::queries;
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        kernel,
                        w.context(),
                        scale,
                        q.floats(),
                        q.at(),
                        k.floats(),
                        k.at(),
                        v.floats(),
                        v.at(),
                        dy.floats(),
                        dy.at(),
                        statistics.floats(),
                        statistics.at(),
                        dq.floats(),
                        dq.at(),
                        shape.dim(1),
                        Heads.pack(shape.dim(2), w.shape(1).dim(2)),
                        shape.dim(3),
                        Math.min(window, shape.dim(1))),
                launch(w, shape));
    }

    private static void keys(Work w, int window, float scale, Place out, int dk, int dv) {
        Shape shape = w.shape(0); // (B, T, H, D)
        int groups = w.shape(1).dim(2);
        Place q = w.in(0);
        Place k = w.in(1);
        Place v = w.in(2);
        Place dy = w.in(5);
        Place statistics = w.scratch();
        Keys kernel = w.onProcessor() ? PanelAttentionGradKernels::keys : AttentionGradKernels::keys;
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        kernel,
                        w.context(),
                        scale,
                        q.floats(),
                        q.at(),
                        k.floats(),
                        k.at(),
                        v.floats(),
                        v.at(),
                        dy.floats(),
                        dy.at(),
                        statistics.floats(),
                        statistics.at(),
                        out.floats(),
                        dk,
                        dv,
                        shape.dim(1),
                        Heads.pack(shape.dim(2), groups),
                        shape.dim(3),
                        Math.min(window, shape.dim(1))),
                w.onProcessor()
                        ? PanelAttentionKernels.launch(shape.dim(0), shape.dim(1), groups)
                        : AttentionGradKernels.keysLaunch(shape.dim(0), shape.dim(1), groups));
    }
}
