package org.nanochat4j.engine.cpu;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.cpu.kernels.Gemm;
import org.nanochat4j.engine.cpu.kernels.GemmShape;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.cpu.kernels.LossOperands;
import org.nanochat4j.engine.cpu.kernels.NarrowProduct;
import org.nanochat4j.engine.cpu.kernels.Parallel;
import org.nanochat4j.engine.cpu.kernels.TileGemm;
import org.nanochat4j.engine.cpu.kernels.TileKernel;
import org.nanochat4j.engine.cpu.kernels.TileLoss;
import org.nanochat4j.engine.cpu.kernels.VocabularyLogits;
import org.nanochat4j.engine.cpu.kernels.VocabularyLoss;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.program.Step;

/** From matrix products, logits and the loss to kernels: those whose kernel depends on the types of the operands, and on whether there is a matrix unit. */
final class ProductLowering {
    /** Up to so many vectors are multiplied with a BF16 matrix as it is read. */
    private static final int FEW_VECTORS = 8;

    private final Parallel pool;
    private final @Nullable TileKernel tiles;

    /**
     * Lowers to kernels on a pool.
     *
     * @param tiles what multiplies BF16 on a matrix unit; null where there is none
     */
    ProductLowering(Parallel pool, @Nullable TileKernel tiles) {
        this.pool = pool;
        this.tiles = tiles;
    }

    /** Whether a product is computed on F32 copies of its BF16 operands. */
    boolean isWidened(Step step, MatMul op) {
        return isWidened(step, shape(step, op));
    }

    /** The same for logits. */
    boolean isWidened(Step step, Logits op) {
        return isWidened(step, shape(step, op));
    }

    /** The same for the loss. */
    boolean isWidened(Step step, SoftcapCrossEntropy op) {
        return tilesOf(step, op) == null;
    }

    private static boolean isWidened(Step step, GemmShape shape) {
        return step.inputType(0).dtype() == DType.BF16 && !isBf16(step, shape);
    }

    /** Whether both matrices are BF16 and there is more to do than to read one of them, as there is for few vectors. */
    private static boolean isBf16(Step step, GemmShape shape) {
        boolean fewVectors =
                shape.transposeB() && !shape.transposeA() && shape.batch() == 1 && shape.m() <= FEW_VECTORS;
        return step.inputType(0).dtype() == DType.BF16 && step.inputType(1).dtype() == DType.BF16 && !fewVectors;
    }

    /** Scratch bytes of a product. */
    long scratchBytes(Step step, MatMul op) {
        return scratchBytes(step, shape(step, op));
    }

    /** Scratch bytes of logits. */
    long scratchBytes(Step step, Logits op) {
        return scratchBytes(step, shape(step, op));
    }

    /** Scratch bytes of the loss. */
    long scratchBytes(Step step, SoftcapCrossEntropy op) {
        Shape x = step.inputType(0).shape();
        return tilesOf(step, op) == null
                ? VocabularyLoss.scratchBytes(x.rows(), x.last(), op.vocabulary(), pool.threads())
                : TileLoss.scratchBytes(x.rows(), x.last(), op.vocabulary(), pool.threads());
    }

    private long scratchBytes(Step step, GemmShape shape) {
        if (!isBf16(step, shape)) {
            return step.inputType(1).dtype() == DType.F32
                    ? Gemm.scratchBytes(shape, pool.threads())
                    : NarrowProduct.scratchBytes(shape, pool.threads());
        }
        return tiles == null
                ? Gemm.scratchBytes(shape, DType.BF16, result(step).dtype(), pool.threads())
                : TileGemm.scratchBytes(shape, pool.threads());
    }

    /** The kernel of a product. */
    Kernel bind(Step step, MatMul op, long[] in, long out, long scratch) {
        return bind(step, shape(step, op), in, out, scratch);
    }

    /** The kernel of logits. */
    Kernel bind(Step step, Logits op, long[] in, long out, long scratch) {
        Kernel product = bind(step, shape(step, op), in, out, scratch);
        return new VocabularyLogits(pool, product, result(step).elements(), op.cap(), out);
    }

    /** The kernel of the loss. */
    Kernel bind(Step step, SoftcapCrossEntropy op, long[] in, long[] out, long scratch) {
        Shape x = step.inputType(0).shape();
        var operands = new LossOperands(
                x.rows(),
                x.last(),
                op.vocabulary(),
                step.inputType(1).shape().dim(0),
                op.cap(),
                in[0],
                in[1],
                in[2],
                out[0],
                out[1],
                op.differentiated() ? out[2] : 0,
                op.differentiated() ? out[3] : 0);
        TileKernel kernel = tilesOf(step, op);
        return kernel == null
                ? new VocabularyLoss(pool, scratch, operands)
                : new TileLoss(kernel, pool, scratch, operands);
    }

    /** What multiplies the loss's BF16; null where it is computed in F32. */
    private @Nullable TileKernel tilesOf(Step step, SoftcapCrossEntropy op) {
        return step.inputType(0).dtype() == DType.BF16 && LossOperands.bounds(op.cap()) ? tiles : null;
    }

    /** Operands a, b, and the scales of b's rows where it is I8. */
    private Kernel bind(Step step, GemmShape shape, long[] in, long out, long scratch) {
        DType stored = step.inputType(1).dtype();
        if (!isBf16(step, shape)) {
            return stored == DType.F32
                    ? new Gemm(pool, scratch, shape, false, in[0], in[1], out)
                    : new NarrowProduct(
                            pool, scratch, stored, shape, in[0], in[1], stored == DType.I8 ? in[2] : 0, out);
        }
        DType result = result(step).dtype();
        return tiles == null
                ? Gemm.bf16(pool, scratch, shape, result, in[0], in[1], out)
                : new TileGemm(tiles, pool, scratch, shape, DType.BF16, DType.BF16, result, false, in[0], in[1], out);
    }

    private static TensorType result(Step step) {
        return step.outputs().getFirst().type();
    }

    private static GemmShape shape(Step step, Logits op) {
        Shape x = step.inputType(0).shape();
        return GemmShape.of(x.rows(), op.vocabulary(), x.last(), false, true);
    }

    private static GemmShape shape(Step step, MatMul op) {
        Shape c = result(step).shape();
        int k = step.inputType(0).shape().dim(op.transposeA() ? -2 : -1);
        return c.rank() == 2
                ? GemmShape.of(c.dim(-2), c.dim(-1), k, op.transposeA(), op.transposeB())
                : GemmShape.batched(c.dim(0), c.dim(-2), c.dim(-1), k, op.transposeA(), op.transposeB());
    }
}
