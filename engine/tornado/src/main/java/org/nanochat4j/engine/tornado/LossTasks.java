package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.tornado.kernels.LossKernels;
import org.nanochat4j.engine.tornado.kernels.MmaKernels;
import org.nanochat4j.engine.tornado.kernels.NarrowLossKernels;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/**
 * Tasks of the loss over the vocabulary, in chunks of rows: logits, losses, and with gradients two more products. Over F32 the gradient of the logits takes their place;
 * over BF16 it is rounded into scratch memory of BF16.
 */
final class LossTasks {
    private LossTasks() {}

    /** Scratch over F32: the number of targets that count, in an aligned place of its own, and the logits of a chunk. */
    static long wideScratch(Step step, SoftcapCrossEntropy op) {
        return Bank.ALIGNMENT + (long) chunkRows(step, op) * op.vocabulary();
    }

    /** Scratch where factors are BF16: the number of targets that count, the logits of a chunk, what tensor cores need besides, and the gradient of the logits. */
    static ScratchNeeds narrowScratch(Step step, SoftcapCrossEntropy op, boolean tensorCores) {
        int chunk = chunkRows(step, op);
        int columns = step.inputTypes().getFirst().shape().last();
        long floats = Bank.ALIGNMENT + logitsRoom(chunk, op.vocabulary(), tensorCores);
        if (tensorCores && op.differentiated()) {
            floats += Math.max(
                    toX(op, chunk, columns).tensorCoreScratch(true),
                    toWeight(op, chunk, columns, true).tensorCoreScratch(false));
        }
        return new ScratchNeeds(floats, op.differentiated() ? (long) chunk * op.vocabulary() : 0);
    }

    private static long logitsRoom(int rows, int vocabulary, boolean tensorCores) {
        return Bank.align(tensorCores ? MmaKernels.room(rows, vocabulary, 1) : (long) rows * vocabulary);
    }

    private static int chunkRows(Step step, SoftcapCrossEntropy op) {
        Shape x = step.inputTypes().getFirst().shape();
        return LossKernels.chunkRows(x.rows(), op.vocabulary());
    }

    /** Logits = x Wᵀ. */
    private static Product toLogits(SoftcapCrossEntropy op, int rows, int columns) {
        return new Product(1, rows, op.vocabulary(), columns, false, true, false);
    }

    /** dx = du W. */
    private static Product toX(SoftcapCrossEntropy op, int rows, int columns) {
        return new Product(1, rows, columns, op.vocabulary(), false, false, false);
    }

    /** dW = duᵀ x, or dW += duᵀ x. */
    private static Product toWeight(SoftcapCrossEntropy op, int rows, int columns, boolean add) {
        return new Product(1, op.vocabulary(), columns, rows, true, false, add);
    }

    static void loss(Work w, SoftcapCrossEntropy op) {
        Place x = w.in(0);
        Place weight = w.in(1);
        Place losses = w.out(1);
        Place counted = w.scratch();
        int rows = w.rows(0);
        int columns = w.columns(0);
        int chunk = chunkRows(w.step(), op);
        boolean narrow = x.bank().dtype() == DType.BF16;
        Place tiles = narrow ? behindLogits(w, op, chunk) : w.scratch();
        count(w, counted, rows);
        for (int row = 0; row < rows; row += chunk) {
            Chunk part = new Chunk(
                    Math.min(chunk, rows - row),
                    columns,
                    x.plus((long) row * columns),
                    w.in(2).plus(row),
                    counted,
                    losses.plus(row));
            Place gradient = narrow ? narrowGradient(w, op, part) : wideGradient(w, op, part);
            if (op.differentiated()) {
                Place dx = w.out(2).plus((long) row * columns);
                toX(op, part.rows(), columns).addTo(w, gradient, weight, dx, tiles);
                toWeight(op, part.rows(), columns, row > 0).addTo(w, gradient, part.x(), w.out(3), tiles);
            }
        }
        int padding = w.shape(1).dim(0) - op.vocabulary();
        if (op.differentiated() && padding > 0) {
            Place behind = w.out(3).plus((long) op.vocabulary() * columns);
            PointwiseTasks.fill(w, behind, (long) padding * columns, 0f);
        }
        mean(w, losses, counted, rows);
    }

    /**
     * Some rows.
     *
     * @param rows how many
     * @param columns their width
     * @param x the first of them
     * @param targets of the rows
     * @param counted how many targets of all rows count
     * @param losses where their losses go
     */
    private record Chunk(int rows, int columns, Place x, Place targets, Place counted, Place losses) {}

    private static Place logits(Work w) {
        return w.scratch().plus(Bank.ALIGNMENT);
    }

    private static boolean byTensorCores(Work w) {
        return w.products(DType.BF16) == KernelFamily.MMA_BF16;
    }

    /** For the tiles of tensor cores. */
    private static Place behindLogits(Work w, SoftcapCrossEntropy op, int rows) {
        return logits(w).plus(logitsRoom(rows, op.vocabulary(), byTensorCores(w)));
    }

    /** Losses of a chunk, and the gradient of its logits in place of them. */
    private static Place wideGradient(Work w, SoftcapCrossEntropy op, Chunk part) {
        Place logits = logits(w);
        toLogits(op, part.rows(), part.columns()).addTo(w, part.x(), w.in(1), logits, w.scratch());
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        LossKernels::crossEntropy,
                        w.context(),
                        cap(op),
                        part.targets().ints(),
                        part.targets().at(),
                        part.counted().floats(),
                        part.counted().at(),
                        logits.floats(),
                        logits.at(),
                        part.losses().floats(),
                        part.losses().at(),
                        op.vocabulary(),
                        op.differentiated() ? 1 : 0),
                LossKernels.launch(part.rows()));
        return logits;
    }

    /** Losses of a chunk of BF16 rows, and the rounded gradient of its logits, if it is wanted. */
    private static Place narrowGradient(Work w, SoftcapCrossEntropy op, Chunk part) {
        Place logits = logits(w);
        Product product = toLogits(op, part.rows(), part.columns());
        int stride = op.vocabulary();
        if (byTensorCores(w)) {
            product.addTiles(w, part.x(), w.in(1), logits);
            stride = MmaKernels.stride(op.vocabulary());
        } else {
            product.addTo(w, part.x(), w.in(1), logits, logits);
        }
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowLossKernels::losses,
                        w.context(),
                        cap(op),
                        part.targets().ints(),
                        part.targets().at(),
                        logits.floats(),
                        logits.at(),
                        stride,
                        part.losses().floats(),
                        part.losses().at(),
                        op.vocabulary()),
                LossKernels.launch(part.rows()));
        return op.differentiated() ? rounded(w, op, part, logits, stride) : logits;
    }

    private static Place rounded(Work w, SoftcapCrossEntropy op, Chunk part, Place logits, int stride) {
        Place gradient = w.scratchHalves();
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        NarrowLossKernels::gradient,
                        w.context(),
                        w.builtIn(),
                        cap(op),
                        part.targets().ints(),
                        part.targets().at(),
                        part.counted().floats(),
                        part.counted().at(),
                        logits.floats(),
                        logits.at(),
                        stride,
                        part.losses().floats(),
                        part.losses().at(),
                        gradient.halves(),
                        gradient.at(),
                        op.vocabulary()),
                LossKernels.launch(part.rows()));
        return gradient;
    }

    private static float cap(SoftcapCrossEntropy op) {
        return Float.isFinite(op.cap()) ? op.cap() : 0f;
    }

    private static void count(Work w, Place counted, int rows) {
        Place targets = w.in(2);
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
