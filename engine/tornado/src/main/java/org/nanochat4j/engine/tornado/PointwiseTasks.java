package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.PointwiseKernels;
import org.nanochat4j.engine.tornado.kernels.RowKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task6;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task8;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Tasks of ops whose every element depends on one element of each operand. */
final class PointwiseTasks {
    /** A kernel (x, y, n). */
    interface Unary extends Task6<KernelContext, FloatArray, Integer, FloatArray, Integer, Integer> {}

    /** A kernel (a, b, y, n). */
    interface Binary
            extends Task8<KernelContext, FloatArray, Integer, FloatArray, Integer, FloatArray, Integer, Integer> {}

    private PointwiseTasks() {}

    static void accumulate(Work w) {
        binary(w, PointwiseKernels::add, w.in(0));
    }

    static void add(Work w) {
        if (w.shape(1).equals(w.shape(0))) {
            binary(w, PointwiseKernels::add, w.out(0));
        } else {
            addRow(w, w.in(0), w.in(1), w.out(0));
        }
    }

    private static void addRow(Work w, Place a, Place row, Place y) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        RowKernels::addRow,
                        w.context(),
                        a.floats(),
                        a.at(),
                        row.floats(),
                        row.at(),
                        y.floats(),
                        y.at(),
                        w.rows(0),
                        w.columns(0)),
                Launch.elements(w.elements(0)));
    }

    static void mul(Work w) {
        binary(w, PointwiseKernels::mul, w.out(0));
    }

    static void reluSquared(Work w) {
        unary(w, PointwiseKernels::reluSquared);
    }

    static void reluSquaredGrad(Work w) {
        binary(w, PointwiseKernels::reluSquaredGrad, w.out(0));
    }

    static void sigmoid(Work w) {
        unary(w, PointwiseKernels::sigmoid);
    }

    static void sigmoidGrad(Work w) {
        binary(w, PointwiseKernels::sigmoidGrad, w.out(0));
    }

    private static void unary(Work w, Unary kernel) {
        Place x = w.in(0);
        Place y = w.out(0);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(w.next(), kernel, w.context(), x.floats(), x.at(), y.floats(), y.at(), n),
                Launch.elements(n));
    }

    private static void binary(Work w, Binary kernel, Place y) {
        Place a = w.in(0);
        Place b = w.in(1);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(), kernel, w.context(), a.floats(), a.at(), b.floats(), b.at(), y.floats(), y.at(), n),
                Launch.elements(n));
    }

    static void axpby(Work w, float alpha, float beta) {
        Place a = w.in(0);
        Place b = w.in(1);
        Place y = w.out(0);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        PointwiseKernels::axpby,
                        w.context(),
                        alpha,
                        a.floats(),
                        a.at(),
                        beta,
                        b.floats(),
                        b.at(),
                        y.floats(),
                        y.at(),
                        n),
                Launch.elements(n));
    }

    static void mix(Work w) {
        Place s = w.in(0);
        Place a = w.in(1);
        Place t = w.in(2);
        Place b = w.in(3);
        Place y = w.out(0);
        int n = w.elements(1);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        PointwiseKernels::weightedSum,
                        w.context(),
                        s.floats(),
                        s.at(),
                        a.floats(),
                        a.at(),
                        t.floats(),
                        t.at(),
                        b.floats(),
                        b.at(),
                        y.floats(),
                        y.at(),
                        n),
                Launch.elements(n));
    }

    static void scale(Work w, float alpha) {
        Place x = w.in(0);
        Place y = w.out(0);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        PointwiseKernels::scale,
                        w.context(),
                        alpha,
                        x.floats(),
                        x.at(),
                        y.floats(),
                        y.at(),
                        n),
                Launch.elements(n));
    }

    static void scaleBy(Work w) {
        binary(w, PointwiseKernels::scaleBy, w.out(0));
    }

    static void fill(Work w, Place y, long elements, float value) {
        int n = Math.toIntExact(elements);
        w.add(
                TaskPackage.createPackage(w.next(), PointwiseKernels::fill, w.context(), value, y.floats(), y.at(), n),
                Launch.elements(n));
    }
}
