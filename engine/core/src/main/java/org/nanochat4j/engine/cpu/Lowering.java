package org.nanochat4j.engine.cpu;

import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.cpu.kernels.AdamWKernel;
import org.nanochat4j.engine.cpu.kernels.Attention;
import org.nanochat4j.engine.cpu.kernels.AttentionGrad;
import org.nanochat4j.engine.cpu.kernels.AttentionShape;
import org.nanochat4j.engine.cpu.kernels.DecodeAttention;
import org.nanochat4j.engine.cpu.kernels.EmbeddingTable;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.cpu.kernels.MuonKernels;
import org.nanochat4j.engine.cpu.kernels.Normalization;
import org.nanochat4j.engine.cpu.kernels.Parallel;
import org.nanochat4j.engine.cpu.kernels.Pointwise;
import org.nanochat4j.engine.cpu.kernels.Reduction;
import org.nanochat4j.engine.cpu.kernels.Rotary;
import org.nanochat4j.engine.cpu.kernels.Rowwise;
import org.nanochat4j.engine.cpu.kernels.Sampling;
import org.nanochat4j.engine.cpu.kernels.TileKernel;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.ArgMax;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Axpby;
import org.nanochat4j.engine.op.CachedAttention;
import org.nanochat4j.engine.op.Cast;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.Concat;
import org.nanochat4j.engine.op.CustomBuffer;
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.op.Dot;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.Fill;
import org.nanochat4j.engine.op.KvAppend;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Mix;
import org.nanochat4j.engine.op.Mul;
import org.nanochat4j.engine.op.MuonMomentum;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;
import org.nanochat4j.engine.op.Pad;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.op.Reshape;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.op.RowDot;
import org.nanochat4j.engine.op.Scale;
import org.nanochat4j.engine.op.ScaleBy;
import org.nanochat4j.engine.op.ScaleRows;
import org.nanochat4j.engine.op.ShiftTime;
import org.nanochat4j.engine.op.Sigmoid;
import org.nanochat4j.engine.op.SigmoidGrad;
import org.nanochat4j.engine.op.Slice;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.op.Sum;
import org.nanochat4j.engine.op.SumRows;
import org.nanochat4j.engine.op.SumSquares;
import org.nanochat4j.engine.op.TopKSample;
import org.nanochat4j.engine.op.Zero;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/** From ops to kernels: one case for each op, and the scratch memory that the kernel needs. */
final class Lowering {
    private final Parallel pool;
    private final ProductLowering products;
    private final MovementLowering movements;

    /**
     * Lowers to kernels on a pool.
     *
     * @param tiles what multiplies BF16 on a matrix unit; null where there is none
     */
    Lowering(Parallel pool, @Nullable TileKernel tiles) {
        this.pool = pool;
        this.products = new ProductLowering(pool, tiles);
        this.movements = new MovementLowering(pool);
    }

    /** Scratch bytes of the kernel for a step. */
    long scratchBytes(Step step) {
        if (!isWidened(step)) {
            return ownScratchBytes(step);
        }
        return WidenedPieces.fit(step)
                ? WidenedPieces.scratchBytes(step, pool.threads())
                : widened(step).bytes() + ownScratchBytes(widened(step).wide());
    }

    /** The kernel of a step, bound to addresses. */
    Kernel bind(Step step, long[] in, long[] out, long scratch) {
        if (!isWidened(step)) {
            return bindOwn(step, in, out, scratch);
        }
        return WidenedPieces.fit(step)
                ? new WidenedPieces(pool, step, in, out, scratch)
                : widened(step).bind(pool, in, out, scratch, this::bindOwn);
    }

    /** Whether a step over BF16 is computed on F32 copies: where it neither only moves numbers nor has a kernel that reads and writes BF16. */
    private boolean isWidened(Step step) {
        return Widened.concerns(step)
                && switch (step.op()) {
                    case Assign _, Cast _, Concat _, CustomOp _, Embedding _, Pad _, Reshape _, ShiftTime _, Slice _ ->
                        false;
                    case CausalAttention _, CausalAttentionGrad _, Dot _, Rope _, Sum _, SumSquares _ -> false;
                    case MatMul op -> products.isWidened(step, op);
                    case Logits op -> products.isWidened(step, op);
                    case SoftcapCrossEntropy op -> products.isWidened(step, op);
                    default -> true;
                };
    }

    private static Widened widened(Step step) {
        boolean product = step.op() instanceof MatMul || step.op() instanceof Logits;
        return Widened.of(step, product ? 1 : -1);
    }

    private long ownScratchBytes(Step step) {
        int threads = pool.threads();
        return switch (step.op()) {
            case MatMul op -> products.scratchBytes(step, op);
            case CausalAttention(int window, var _) -> Attention.scratchBytes(attention(step, window), threads);
            case CausalAttentionGrad(int window, var _) -> AttentionGrad.scratchBytes(attention(step, window), threads);
            case CachedAttention(int window, var _) -> DecodeAttention.scratchBytes(cached(step, window), threads);
            case Rope _ ->
                Rotary.scratchBytes(
                        step.inputType(0).dtype(),
                        shape(step, 0).dim(2),
                        shape(step, 0).dim(3),
                        threads);
            case Dot _, Sum _, SumSquares _ ->
                Reduction.scratchBytes(step.inputType(0).dtype(), threads);
            case Logits op -> products.scratchBytes(step, op);
            case SoftcapCrossEntropy op -> products.scratchBytes(step, op);
            case Accumulate _,
                    AdamWStep _,
                    Add _,
                    ArgMax _,
                    Assign _,
                    Axpby _,
                    Cast _,
                    Concat _,
                    CustomOp _,
                    Embedding _,
                    EmbeddingGrad _,
                    Fill _,
                    KvAppend _,
                    Mix _,
                    Mul _,
                    MuonMomentum _,
                    MuonNormalize _,
                    MuonUpdate _,
                    Pad _,
                    ReluSquared _,
                    ReluSquaredGrad _,
                    Reshape _,
                    RmsNorm _,
                    RmsNormGrad _,
                    RowDot _,
                    Scale _,
                    ScaleBy _,
                    ScaleRows _,
                    ShiftTime _,
                    Sigmoid _,
                    SigmoidGrad _,
                    Slice _,
                    SumRows _,
                    TopKSample _,
                    Zero _ -> 0;
        };
    }

    private Kernel bindOwn(Step step, long[] in, long[] out, long scratch) {
        long n = step.inputs().isEmpty() ? 0 : step.inputs().getFirst().type().elements();
        return switch (step.op()) {
            case Accumulate() -> Pointwise.add(pool, n, in[0], in[1], in[0]);
            case AdamWStep op -> new AdamWKernel(pool, op, n, in[0], in[1], in[2], in[3], in[4]);
            case Add() ->
                shape(step, 1).equals(shape(step, 0))
                        ? Pointwise.add(pool, n, in[0], in[1], out[0])
                        : Rowwise.addRow(pool, rows(step, 0), columns(step, 0), in[0], in[1], out[0]);
            case ArgMax() -> Sampling.argMax(pool, rows(step, 0), columns(step, 0), in[0], out[0]);
            case Assign() -> movements.copy(step, in[1], in[0]);
            case Axpby(float alpha, float beta) -> Pointwise.axpby(pool, n, alpha, in[0], beta, in[1], out[0]);
            case CachedAttention(int window, float scale) ->
                new DecodeAttention(pool, scratch, cached(step, window), scale, in[0], in[1], in[2], in[3], out[0]);
            case Cast(DType dtype) -> movements.cast(step, dtype, in[0], out[0]);
            case CausalAttention(int window, float scale) ->
                new Attention(pool, scratch, attention(step, window), scale, in[0], in[1], in[2], out[0], out[1]);
            case CausalAttentionGrad(int window, float scale) ->
                new AttentionGrad(
                        pool,
                        scratch,
                        attention(step, window),
                        scale,
                        in[0],
                        in[1],
                        in[2],
                        in[3],
                        in[4],
                        in[5],
                        out[0],
                        out[1],
                        out[2]);
            case Concat(int axis) -> movements.concat(step, axis, in, out[0]);
            case CustomOp op -> custom(op, step, in, out);
            case Dot() -> sum(Reduction.Kind.DOT, step, in[0], in[1], out[0], scratch);
            case Embedding() ->
                EmbeddingTable.gather(
                        pool,
                        shape(step, 1).elements(),
                        shape(step, 0).dim(0),
                        step.inputType(0).dtype().bytes() * (long) columns(step, 0),
                        in[0],
                        in[1],
                        out[0]);
            case EmbeddingGrad(int rows) ->
                EmbeddingTable.scatter(pool, shape(step, 1).elements(), rows, columns(step, 0), in[0], in[1], out[0]);
            case Fill(Shape shape, float value) -> Pointwise.fill(pool, shape.elements(), value, out[0]);
            case KvAppend() -> append(step, in);
            case Logits op -> products.bind(step, op, in, out[0], scratch);
            case MatMul op -> products.bind(step, op, in, out[0], scratch);
            case Mix() -> Pointwise.mix(pool, shape(step, 1).elements(), in[0], in[1], in[2], in[3], out[0]);
            case Mul() -> Pointwise.mul(pool, n, in[0], in[1], out[0]);
            case MuonMomentum() -> {
                int matrix = shape(step, 0).dim(1) * shape(step, 0).dim(2);
                yield MuonKernels.momentum(pool, matrix, in[0], in[1], from(in, 2), out[0]);
            }
            case MuonNormalize() -> {
                Shape stack = shape(step, 0);
                yield MuonKernels.normalize(pool, stack.dim(0), stack.dim(1), stack.dim(2), in[0], out[0]);
            }
            case MuonUpdate(float beta2) -> {
                Shape stack = shape(step, 2);
                yield MuonKernels.update(pool, beta2, stack.dim(1), stack.dim(2), in[0], in[1], in[2], from(in, 3));
            }
            case Pad(int axis, int before, int after) -> movements.pad(step, axis, before, after, in[0], out[0]);
            case ReluSquared() -> Pointwise.reluSquared(pool, n, in[0], out[0]);
            case ReluSquaredGrad() -> Pointwise.reluSquaredGrad(pool, n, in[0], in[1], out[0]);
            case Reshape(var _) -> movements.copy(step, in[0], out[0]);
            case RmsNorm(float eps) -> Normalization.rms(pool, rows(step, 0), columns(step, 0), eps, in[0], out[0]);
            case RmsNormGrad(float eps) ->
                Normalization.rmsGrad(pool, rows(step, 0), columns(step, 0), eps, in[0], in[1], out[0]);
            case Rope(boolean inverse) -> rope(step, inverse, in, out[0], scratch);
            case RowDot() -> Rowwise.rowDot(pool, rows(step, 0), columns(step, 0), in[0], in[1], out[0]);
            case Scale(float alpha) -> Pointwise.scale(pool, n, alpha, in[0], out[0]);
            case ScaleBy() -> Pointwise.scaleBy(pool, n, in[0], in[1], out[0]);
            case ScaleRows() -> Rowwise.scaleRows(pool, rows(step, 0), columns(step, 0), in[0], in[1], out[0]);
            case ShiftTime(int steps) -> movements.shift(step, steps, in[0], out[0]);
            case Sigmoid() -> Pointwise.sigmoid(pool, n, in[0], out[0]);
            case SigmoidGrad() -> Pointwise.sigmoidGrad(pool, n, in[0], in[1], out[0]);
            case Slice(int axis, int start, int length) -> movements.slice(step, axis, start, length, in[0], out[0]);
            case SoftcapCrossEntropy op -> products.bind(step, op, in, out, scratch);
            case Sum() -> sum(Reduction.Kind.SUM, step, in[0], in[0], out[0], scratch);
            case SumRows() -> Rowwise.sumRows(pool, rows(step, 0), columns(step, 0), in[0], out[0]);
            case SumSquares() -> sum(Reduction.Kind.SQUARES, step, in[0], in[0], out[0], scratch);
            case TopKSample(int k) ->
                Sampling.topK(pool, k, rows(step, 0), columns(step, 0), in[0], in[1], in[2], out[0]);
            case Zero() -> Pointwise.fill(pool, n, 0f, in[0]);
        };
    }

    private static Shape shape(Step step, int input) {
        return step.inputType(input).shape();
    }

    private static int rows(Step step, int input) {
        return shape(step, input).rows();
    }

    private static int columns(Step step, int input) {
        return shape(step, input).last();
    }

    private static long[] from(long[] addresses, int start) {
        return java.util.Arrays.copyOfRange(addresses, start, addresses.length);
    }

    private static AttentionShape attention(Step step, int window) {
        Shape q = shape(step, 0);
        return new AttentionShape(
                q.dim(0),
                q.dim(1),
                q.dim(2),
                shape(step, 1).dim(2),
                q.dim(3),
                window,
                step.inputType(0).dtype());
    }

    /** The shape of decoding: its time is the length of the cache. */
    private static AttentionShape cached(Step step, int window) {
        Shape q = shape(step, 0);
        Shape cache = shape(step, 1);
        return new AttentionShape(q.dim(0), cache.dim(1), q.dim(2), cache.dim(2), q.dim(3), window);
    }

    private Kernel append(Step step, long[] in) {
        Shape cache = shape(step, 0);
        Shape x = shape(step, 1);
        return Sampling.append(pool, x.dim(0), x.dim(1), cache.dim(1), x.dim(2) * x.dim(3), in[0], in[1], in[2]);
    }

    private Kernel sum(Reduction.Kind kind, Step step, long x, long z, long y, long scratch) {
        TensorType type = step.inputType(0);
        return new Reduction(pool, scratch, kind, type.dtype(), type.elements(), x, z, y);
    }

    private Kernel rope(Step step, boolean inverse, long[] in, long out, long scratch) {
        Shape x = shape(step, 0);
        int positions = shape(step, 1).dim(0);
        return new Rotary(
                pool,
                scratch,
                x.dim(0),
                x.dim(1),
                x.dim(2),
                x.dim(3),
                positions,
                inverse,
                step.inputType(0).dtype(),
                in[0],
                in[1],
                in[2],
                in[3],
                out);
    }

    private static Kernel custom(CustomOp op, Step step, long[] in, long[] out) {
        List<CustomBuffer> inputs = buffers(step.inputs(), in);
        List<CustomBuffer> outputs = buffers(step.outputs(), out);
        return () -> op.compute(inputs, outputs);
    }

    private static List<CustomBuffer> buffers(List<Value> values, long[] addresses) {
        return IntStream.range(0, addresses.length)
                .mapToObj(i -> (CustomBuffer) new RawBuffer(values.get(i).type(), addresses[i]))
                .toList();
    }
}
