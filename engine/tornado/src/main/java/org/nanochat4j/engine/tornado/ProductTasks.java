package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.PointwiseKernels;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** Tasks of ops that are matrix products. */
final class ProductTasks {
    private ProductTasks() {}

    static void matMul(Work w, MatMul op) {
        product(w.step(), op).addTo(w, w.in(0), w.in(1), w.out(0), w.scratch());
    }

    private static Product product(Step step, MatMul op) {
        Shape y = step.outputTypes().getFirst().shape();
        int stack = y.rank() == 3 ? y.dim(0) : 1;
        int k = step.inputTypes().getFirst().shape().dim(op.transposeA() ? -2 : -1);
        return new Product(stack, y.dim(-2), y.dim(-1), k, op.transposeA(), op.transposeB(), false);
    }

    static void logits(Work w, Logits op) {
        Place y = w.out(0);
        product(w.step(), op).addTo(w, w.in(0), w.in(1), y, w.scratch());
        if (Float.isFinite(op.cap())) {
            int n = Math.toIntExact(w.outShape(0).elements());
            w.add(
                    TaskPackage.createPackage(
                            w.next(),
                            PointwiseKernels::softcap,
                            w.context(),
                            op.cap(),
                            y.floats(),
                            y.at(),
                            y.floats(),
                            y.at(),
                            n),
                    Launch.elements(n));
        }
    }

    private static Product product(Step step, Logits op) {
        Shape x = step.inputTypes().getFirst().shape();
        return new Product(1, x.rows(), op.vocabulary(), x.last(), false, true, false);
    }

    /** Scratch floats of an op whose BF16 factors tensor cores multiply. */
    static long tensorCoreScratch(Step step) {
        return switch (step.op()) {
            case MatMul op -> product(step, op).tensorCoreScratch(true);
            case Logits op -> product(step, op).tensorCoreScratch(false);
            default -> throw new IllegalStateException(step.op().name() + " is no matrix product");
        };
    }
}
