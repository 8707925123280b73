package org.nanochat4j.engine.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.cpu.kernels.Bf16Conversion;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.cpu.kernels.Memory;
import org.nanochat4j.engine.cpu.kernels.Parallel;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.Axpby;
import org.nanochat4j.engine.op.Mix;
import org.nanochat4j.engine.op.Mul;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.RowDot;
import org.nanochat4j.engine.op.Scale;
import org.nanochat4j.engine.op.ScaleBy;
import org.nanochat4j.engine.op.ScaleRows;
import org.nanochat4j.engine.op.Sigmoid;
import org.nanochat4j.engine.op.SigmoidGrad;
import org.nanochat4j.engine.op.Zero;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/**
 * A step over BF16 whose elements or rows do not depend on each other, in pieces that stay in a near cache: one thread widens a piece, computes it with the
 * kernel for F32 and rounds it, so that memory sees two bytes for each element and scratch memory is small.
 */
final class WidenedPieces implements Kernel {
    /** Elements of a piece of each operand, where rows are not longer. */
    private static final long ELEMENTS = 1 << 13;

    /**
     * How a step is cut.
     *
     * @param rows that do not depend on each other; every operand and result but the whole ones has so many
     * @param whole operands that every piece needs as they are, F32
     */
    private record Cut(long rows, Set<Integer> whole) {}

    /**
     * An operand or result of which a piece is so many rows.
     *
     * @param columns elements of a row
     * @param address of the whole, in BF16
     * @param offset of the copy of a piece in a thread's scratch memory
     */
    private record Part(Value value, int columns, long address, long offset) {}

    private final Parallel pool;
    private final Step step;
    private final long rows;
    private final long rowsPerPiece;
    private final int pieces;
    private final long scratch;
    private final long bytesPerThread;
    private final Part[] read;
    private final Part[] written;

    /** By thread: computes a piece in its scratch memory. */
    private final Kernel[] compute;

    /** The same for the last piece, which may be shorter. */
    private final Kernel[] computeLast;

    private final Parallel.Task task = this::piece;

    /**
     * Binds the kernel of a step that fits.
     *
     * @param scratch address of {@link #scratchBytes} bytes
     */
    WidenedPieces(Parallel pool, Step step, long[] in, long[] out, long scratch) {
        Cut cut = cut(step);
        if (cut == null) {
            throw new IllegalArgumentException(step.op().name() + " cannot be cut into pieces");
        }
        this.pool = pool;
        this.step = step;
        this.rows = cut.rows();
        this.rowsPerPiece = rowsPerPiece(step, cut);
        this.pieces = Math.toIntExact(Math.ceilDiv(rows, rowsPerPiece));
        this.scratch = scratch;
        List<Part> reads = new ArrayList<>();
        List<Part> writes = new ArrayList<>();
        @Nullable Part[] inputs = new @Nullable Part[in.length];
        Part[] outputs = new Part[out.length];
        long next = 0;
        for (int i = 0; i < in.length; i++) {
            if (!cut.whole().contains(i)) {
                Part part = part(step.inputs().get(i), in[i], next);
                inputs[i] = part;
                reads.add(part);
                if (step.op().writes(i)) {
                    writes.add(part);
                }
                next += copyBytes(part.columns(), rowsPerPiece);
            }
        }
        for (int i = 0; i < out.length; i++) {
            outputs[i] = part(step.outputs().get(i), out[i], next);
            writes.add(outputs[i]);
            next += copyBytes(outputs[i].columns(), rowsPerPiece);
        }
        this.read = reads.toArray(Part[]::new);
        this.written = writes.toArray(Part[]::new);
        this.bytesPerThread = next;
        this.compute = new Kernel[pool.threads()];
        this.computeLast = new Kernel[pool.threads()];
        long rest = rows - (pieces - 1) * rowsPerPiece;
        for (int thread = 0; thread < compute.length; thread++) {
            long own = scratch + thread * bytesPerThread;
            compute[thread] = compute(rowsPerPiece, inputs, in, outputs, own);
            computeLast[thread] = compute(rest, inputs, in, outputs, own);
        }
    }

    /** Whether a step can be cut. */
    static boolean fit(Step step) {
        return cut(step) != null;
    }

    /** Bytes of scratch for a pool of so many threads. */
    static long scratchBytes(Step step, int threads) {
        Cut cut = cut(step);
        if (cut == null) {
            return 0;
        }
        long rowsPerPiece = rowsPerPiece(step, cut);
        long bytes = 0;
        for (int i = 0; i < step.inputs().size(); i++) {
            bytes += cut.whole().contains(i)
                    ? 0
                    : copyBytes(columns(step.inputs().get(i), cut.rows()), rowsPerPiece);
        }
        for (Value output : step.outputs()) {
            bytes += copyBytes(columns(output, cut.rows()), rowsPerPiece);
        }
        return threads * bytes;
    }

    private static @Nullable Cut cut(Step step) {
        return switch (step.op()) {
            case Accumulate _,
                    Axpby _,
                    Mul _,
                    ReluSquared _,
                    ReluSquaredGrad _,
                    Scale _,
                    Sigmoid _,
                    SigmoidGrad _,
                    Zero _ -> new Cut(step.inputType(0).elements(), Set.of());
            case Add _ ->
                step.inputType(0).equals(step.inputType(1))
                        ? new Cut(step.inputType(0).elements(), Set.of())
                        : null;
            case AdamWStep _ -> new Cut(step.inputType(0).elements(), Set.of(4));
            case Mix _ -> new Cut(step.inputType(1).elements(), Set.of(0, 2));
            case ScaleBy _ -> new Cut(step.inputType(0).elements(), Set.of(1));
            case RmsNorm _, RmsNormGrad _, RowDot _, ScaleRows _ ->
                new Cut(step.inputType(0).shape().rows(), Set.of());
            default -> null;
        };
    }

    private static long rowsPerPiece(Step step, Cut cut) {
        int most = 1;
        for (int i = 0; i < step.inputs().size(); i++) {
            most = cut.whole().contains(i)
                    ? most
                    : Math.max(most, columns(step.inputs().get(i), cut.rows()));
        }
        return Math.clamp(ELEMENTS / most, 1, cut.rows());
    }

    private static int columns(Value value, long rows) {
        return Math.toIntExact(value.type().elements() / rows);
    }

    private static long copyBytes(int columns, long rows) {
        return Memory.align(4 * rows * columns);
    }

    private Part part(Value value, long address, long offset) {
        return new Part(value, columns(value, rows), address, offset);
    }

    /** The kernel for so many rows of F32 in a thread's memory, on that thread. */
    private Kernel compute(long count, @Nullable Part[] inputs, long[] in, Part[] outputs, long own) {
        List<Value> values = new ArrayList<>();
        long[] wideIn = in.clone();
        for (int i = 0; i < in.length; i++) {
            Part part = inputs[i];
            values.add(part == null ? step.inputs().get(i) : wide(part, count));
            wideIn[i] = part == null ? in[i] : own + part.offset();
        }
        long[] wideOut =
                Arrays.stream(outputs).mapToLong(part -> own + part.offset()).toArray();
        List<Value> results =
                Arrays.stream(outputs).map(part -> wide(part, count)).toList();
        Step wide = new Step(step.op(), List.copyOf(values), results, step.callSite());
        return new Lowering(new Parallel(1), null).bind(wide, wideIn, wideOut, 0);
    }

    private static Value wide(Part part, long count) {
        Shape shape = Shape.of(Math.toIntExact(count), part.columns());
        return new Value(
                part.value().id(),
                new TensorType(DType.F32, shape),
                part.value().variable());
    }

    @Override
    public void run() {
        pool.run(pieces, task);
    }

    private void piece(int index, int thread) {
        long first = index * rowsPerPiece;
        long count = Math.min(rowsPerPiece, rows - first);
        long own = scratch + thread * bytesPerThread;
        for (Part part : read) {
            Bf16Conversion.widen(
                    count * part.columns(), part.address() + 2 * first * part.columns(), own + part.offset());
        }
        (index == pieces - 1 ? computeLast : compute)[thread].run();
        for (Part part : written) {
            Bf16Conversion.round(
                    count * part.columns(), own + part.offset(), part.address() + 2 * first * part.columns());
        }
    }
}
