package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Axpby;
import org.nanochat4j.engine.op.Cast;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.Concat;
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Mix;
import org.nanochat4j.engine.op.Mul;
import org.nanochat4j.engine.op.Pad;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.op.Reshape;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.op.Scale;
import org.nanochat4j.engine.op.ScaleBy;
import org.nanochat4j.engine.op.ShiftTime;
import org.nanochat4j.engine.op.Sigmoid;
import org.nanochat4j.engine.op.SigmoidGrad;
import org.nanochat4j.engine.op.Slice;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.op.Zero;
import org.nanochat4j.engine.tornado.kernels.CastKernels;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.NarrowKernels;
import org.nanochat4j.engine.tornado.kernels.NarrowRowKernels;
import org.nanochat4j.engine.tornado.kernels.RowKernels;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** Tasks of ops over BF16 whose kernels read and write it themselves: one case for each that {@link KernelFamily} names. */
final class NarrowTasks {
    private NarrowTasks() {}

    static void add(Work w) {
        switch (w.op()) {
            case Accumulate() -> compute(w, NarrowKernels.SUM, 1f, 1f, w.in(1), w.in(0));
            case Add() -> compute(w, NarrowKernels.SUM, 1f, 1f, w.in(1), w.out(0));
            case Assign() -> MoveTasks.copy(w, w.in(1), w.in(0));
            case Axpby(float alpha, float beta) -> compute(w, NarrowKernels.SUM, alpha, beta, w.in(1), w.out(0));
            case Cast op -> MoveTasks.cast(w, op);
            case CausalAttention(int window, float scale) -> NarrowAttentionTasks.forward(w, window, scale);
            case CausalAttentionGrad(int window, float scale) -> NarrowAttentionTasks.backward(w, window, scale);
            case Concat(int axis) -> MoveTasks.concat(w, axis);
            case CustomOp op -> Lowering.custom(w, op);
            case Embedding() -> RowTasks.embedding(w);
            case Logits op -> ProductTasks.logits(w, op);
            case MatMul op -> ProductTasks.matMul(w, op);
            case Mix() -> mix(w);
            case Mul() -> compute(w, NarrowKernels.PRODUCT, 1f, 1f, w.in(1), w.out(0));
            case Pad(int axis, int before, int after) -> MoveTasks.pad(w, axis, before, after);
            case ReluSquared() -> compute(w, NarrowKernels.RELU_SQUARED, 1f, 1f, w.in(0), w.out(0));
            case ReluSquaredGrad() -> compute(w, NarrowKernels.RELU_SQUARED_GRAD, 1f, 1f, w.in(1), w.out(0));
            case Reshape(var _) -> MoveTasks.copy(w, w.in(0), w.out(0));
            case RmsNorm(float eps) -> rmsNorm(w, eps);
            case RmsNormGrad(float eps) -> rmsNormGrad(w, eps);
            case Rope(boolean inverse) -> rope(w, inverse);
            case Scale(float alpha) -> compute(w, NarrowKernels.SCALED, alpha, 1f, w.in(0), w.out(0));
            case ScaleBy() -> scaleBy(w);
            case ShiftTime(int steps) -> MoveTasks.shiftTime(w, steps);
            case Sigmoid() -> compute(w, NarrowKernels.SIGMOID, 1f, 1f, w.in(0), w.out(0));
            case SigmoidGrad() -> compute(w, NarrowKernels.SIGMOID_GRAD, 1f, 1f, w.in(1), w.out(0));
            case Slice(int axis, int start, int length) -> MoveTasks.slice(w, axis, start, length);
            case SoftcapCrossEntropy op -> LossTasks.loss(w, op);
            case Zero() -> zero(w);
            default -> throw new IllegalStateException(w.op().name() + " has no kernel over BF16");
        }
    }

    /** The first operand is a; one operand alone is b too. */
    private static void compute(Work w, int formula, float alpha, float beta, Place b, Place y) {
        Place a = w.in(0);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowKernels::compute,
                        w.context(),
                        w.builtIn(),
                        formula,
                        alpha,
                        a.halves(),
                        a.at(),
                        beta,
                        b.halves(),
                        b.at(),
                        y.halves(),
                        y.at(),
                        n),
                Launch.elements(n));
    }

    private static void mix(Work w) {
        Place s = w.in(0);
        Place a = w.in(1);
        Place t = w.in(2);
        Place b = w.in(3);
        Place y = w.out(0);
        int n = w.elements(1);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowKernels::weightedSum,
                        w.context(),
                        w.builtIn(),
                        s.floats(),
                        s.at(),
                        a.halves(),
                        a.at(),
                        t.floats(),
                        t.at(),
                        b.halves(),
                        b.at(),
                        y.halves(),
                        y.at(),
                        n),
                Launch.elements(n));
    }

    private static void scaleBy(Work w) {
        Place x = w.in(0);
        Place s = w.in(1);
        Place y = w.out(0);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowKernels::scaleBy,
                        w.context(),
                        w.builtIn(),
                        s.floats(),
                        s.at(),
                        x.halves(),
                        x.at(),
                        y.halves(),
                        y.at(),
                        n),
                Launch.elements(n));
    }

    private static void zero(Work w) {
        Place y = w.in(0);
        int n = w.elements(0);
        w.add(
                TaskPackage.createPackage(w.next(), CastKernels::zero, w.context(), y.halves(), y.at(), n),
                Launch.elements(n));
    }

    private static void rmsNorm(Work w, float eps) {
        Place x = w.in(0);
        Place y = w.out(0);
        int columns = w.columns(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowRowKernels::rms,
                        w.context(),
                        w.builtIn(),
                        eps,
                        x.halves(),
                        x.at(),
                        y.halves(),
                        y.at(),
                        columns),
                RowKernels.launch(w.rows(0), columns));
    }

    private static void rmsNormGrad(Work w, float eps) {
        Place x = w.in(0);
        Place dy = w.in(1);
        Place dx = w.out(0);
        int columns = w.columns(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowRowKernels::rmsGrad,
                        w.context(),
                        w.builtIn(),
                        eps,
                        x.halves(),
                        x.at(),
                        dy.halves(),
                        dy.at(),
                        dx.halves(),
                        dx.at(),
                        columns),
                RowKernels.launch(w.rows(0), columns));
    }

    private static void rope(Work w, boolean inverse) {
        Shape shape = w.shape(0); // (B, T, H, D)
        Place x = w.in(0);
        Place cos = w.in(1);
        Place sin = w.in(2);
        Place start = w.in(3);
        Place y = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowRowKernels::rope,
                        w.context(),
                        w.builtIn(),
                        inverse ? -1f : 1f,
                        cos.floats(),
                        cos.at(),
                        sin.floats(),
                        sin.at(),
                        start.ints(),
                        start.at(),
                        x.halves(),
                        x.at(),
                        y.halves(),
                        y.at(),
                        shape.dim(0),
                        shape.dim(1),
                        shape.dim(2),
                        shape.dim(3),
                        w.shape(1).dim(0)),
                Launch.elements(shape.elements() / 2));
    }
}
