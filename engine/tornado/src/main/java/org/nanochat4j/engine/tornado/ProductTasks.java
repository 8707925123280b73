package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.tornado.cublas.Gemm;
import org.nanochat4j.engine.tornado.kernels.GemmKernels;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.LossKernels;
import org.nanochat4j.engine.tornado.kernels.MmaKernels;
import org.nanochat4j.engine.tornado.kernels.PanelKernels;
import org.nanochat4j.engine.tornado.kernels.PointwiseKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task13;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Tasks of ops that are matrix products. */
final class ProductTasks {
    /** A kernel (a, b, c, m, n, k, transposeA, transposeB, add). */
    private interface Multiply
            extends Task13<
                    KernelContext,
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
                    Integer,
                    Integer> {}

    private ProductTasks() {}

    /**
     * What to multiply.
     *
     * @param stack how many products
     * @param m rows of the result
     * @param n columns of the result
     * @param k summed over
     * @param transposeA whether a is stored transposed
     * @param transposeB whether b is stored transposed
     * @param add whether to add to the result
     */
    private record Product(int stack, int m, int n, int k, boolean transposeA, boolean transposeB, boolean add) {
        /** The call of the library. */
        Gemm gemm(Place a, Place b, Place c) {
            return new Gemm(
                    stack, m, n, k, transposeA, transposeB, 1f, add ? 1f : 0f, matrices(a), matrices(b), matrices(c));
        }

        private static Gemm.Matrices matrices(Place place) {
            return new Gemm.Matrices(place.bank().dtype() == DType.BF16 ? Gemm.Type.BF16 : Gemm.Type.F32, place.at());
        }
    }

    static void matMul(Work w, MatMul op) {
        Shape y = w.outShape(0);
        int stack = y.rank() == 3 ? y.dim(0) : 1;
        int k = w.shape(0).dim(op.transposeA() ? -2 : -1);
        Product product = new Product(stack, y.dim(-2), y.dim(-1), k, op.transposeA(), op.transposeB(), false);
        multiply(w, product, w.in(0), w.in(1), w.out(0));
    }

    private static void multiply(Work w, Product product, Place a, Place b, Place c) {
        KernelFamily kernel = w.products(a.bank().dtype());
        switch (kernel) {
            case CUBLAS_FP32, CUBLAS_BF16 -> w.add(product.gemm(a, b, c), a, b, c);
            case MMA_BF16 -> multiplyByTensorCores(w, product, a, b, c);
            case PANEL_MATMUL_FP32 ->
                multiply(
                        w,
                        PanelKernels::multiplyPanels,
                        PanelKernels.launch(product.m(), product.n(), product.stack()),
                        product,
                        a,
                        b,
                        c);
            case TILED_MATMUL_FP32 ->
                multiply(
                        w,
                        GemmKernels::multiply,
                        GemmKernels.launch(product.m(), product.n(), product.stack()),
                        product,
                        a,
                        b,
                        c);
            default -> throw new IllegalStateException(kernel + " is no kernel for matrix products");
        }
    }

    private static void multiply(Work w, Multiply kernel, Launch launch, Product product, Place a, Place b, Place c) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        kernel,
                        w.context(),
                        a.floats(),
                        a.at(),
                        b.floats(),
                        b.at(),
                        c.floats(),
                        c.at(),
                        product.m(),
                        product.n(),
                        product.k(),
                        product.transposeA() ? 1 : 0,
                        product.transposeB() ? 1 : 0,
                        product.add() ? 1 : 0),
                launch);
    }

    /** Scratch memory of products by tensor cores: whole tiles, and what lies within the edges of c where that is rounded too. */
    static long tensorCoreScratch(Step step) {
        Shape y = step.outputs().getFirst().type().shape();
        int stack = y.rank() == 3 ? y.dim(0) : 1;
        return Bank.align(MmaKernels.room(y.dim(-2), y.dim(-1), stack)) + y.elements();
    }

    /** To c where that is of F32 and has whole tiles; else to scratch memory, from which it is cropped and rounded. */
    private static void multiplyByTensorCores(Work w, Product product, Place a, Place b, Place c) {
        int m = product.m();
        int n = product.n();
        int stack = product.stack();
        boolean whole = MmaKernels.isWhole(m, n);
        boolean rounded = c.bank().dtype() == DType.BF16;
        Place tiles = whole && !rounded ? c : w.scratch();
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        MmaKernels::multiply,
                        w.context(),
                        a.halves(),
                        a.at(),
                        b.halves(),
                        b.at(),
                        tiles.floats(),
                        tiles.at(),
                        m,
                        n,
                        product.k(),
                        product.transposeA() ? 1 : 0,
                        product.transposeB() ? 1 : 0),
                MmaKernels.launch(m, n, stack));
        Place sums = tiles;
        if (!whole) {
            sums = rounded ? w.scratch().plus(Bank.align(MmaKernels.room(m, n, stack))) : c;
            w.add(
                    TaskPackage.createPackage(
                            w.next(),
                            MmaKernels::crop,
                            w.context(),
                            tiles.floats(),
                            tiles.at(),
                            sums.floats(),
                            sums.at(),
                            m,
                            n,
                            stack),
                    Launch.elements((long) stack * m * n));
        }
        if (rounded) {
            MoveTasks.round(w, sums, c, (long) stack * m * n);
        }
    }

    static void logits(Work w, Logits op) {
        Place y = w.out(0);
        multiply(w, new Product(1, w.rows(0), op.vocabulary(), w.columns(0), false, true, false), w.in(0), w.in(1), y);
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

    /** Scratch of the loss: the number of targets that count, in an aligned place of its own, and the logits of a chunk. */
    static long lossScratch(int rows, int vocabulary) {
        return Bank.ALIGNMENT + (long) LossKernels.chunkRows(rows, vocabulary) * vocabulary;
    }

    static void loss(Work w, SoftcapCrossEntropy op) {
        Place x = w.in(0);
        Place weight = w.in(1);
        Place targets = w.in(2);
        Place losses = w.out(1);
        Place counted = w.scratch();
        Place logits = w.scratch().plus(Bank.ALIGNMENT);
        int rows = w.rows(0);
        int columns = w.columns(0);
        int vocabulary = op.vocabulary();
        int chunk = LossKernels.chunkRows(rows, vocabulary);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        LossKernels::count,
                        w.context(),
                        targets.ints(),
                        targets.at(),
                        counted.floats(),
                        counted.at(),
                        rows),
                LossKernels.oneGroup());
        for (int row = 0; row < rows; row += chunk) {
            int some = Math.min(chunk, rows - row);
            Place part = x.plus((long) row * columns);
            multiply(w, new Product(1, some, vocabulary, columns, false, true, false), part, weight, logits);
            crossEntropy(w, op, some, logits, targets.plus(row), losses.plus(row), counted);
            if (op.differentiated()) {
                Place dx = w.out(2).plus((long) row * columns);
                multiply(w, new Product(1, some, columns, vocabulary, false, false, false), logits, weight, dx);
                multiply(w, new Product(1, vocabulary, columns, some, true, false, row > 0), logits, part, w.out(3));
            }
        }
        int padding = w.shape(1).dim(0) - vocabulary;
        if (op.differentiated() && padding > 0) {
            Place behind = w.out(3).plus((long) vocabulary * columns);
            PointwiseTasks.fill(w, behind, (long) padding * columns, 0f);
        }
        mean(w, losses, counted, rows);
    }

    private static void crossEntropy(
            Work w, SoftcapCrossEntropy op, int rows, Place logits, Place targets, Place losses, Place counted) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        LossKernels::crossEntropy,
                        w.context(),
                        Float.isFinite(op.cap()) ? op.cap() : 0f,
                        targets.ints(),
                        targets.at(),
                        counted.floats(),
                        counted.at(),
                        logits.floats(),
                        logits.at(),
                        losses.floats(),
                        losses.at(),
                        op.vocabulary(),
                        op.differentiated() ? 1 : 0),
                LossKernels.launch(rows));
    }

    private static void mean(Work w, Place losses, Place counted, int rows) {
        Place mean = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        LossKernels::mean,
                        w.context(),
                        losses.floats(),
                        losses.at(),
                        counted.floats(),
                        counted.at(),
                        mean.floats(),
                        mean.at(),
                        rows),
                LossKernels.oneGroup());
    }
}
