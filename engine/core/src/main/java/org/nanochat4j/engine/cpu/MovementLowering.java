package org.nanochat4j.engine.cpu;

import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.cpu.kernels.Bf16Conversion;
import org.nanochat4j.engine.cpu.kernels.BlockCopy;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.cpu.kernels.Memory;
import org.nanochat4j.engine.cpu.kernels.Parallel;
import org.nanochat4j.engine.cpu.kernels.Pointwise;
import org.nanochat4j.engine.program.Step;

/**
 * From ops that only move numbers to kernels: they take elements of any type as bytes.
 *
 * @param pool where the kernels run
 */
record MovementLowering(Parallel pool) {

    /** All of the operand at {@code from}. */
    Kernel copy(Step step, long from, long to) {
        long bytes = step.inputType(0).bytes();
        return bytes % 4 == 0 ? Pointwise.copy(pool, bytes / 4, from, to) : () -> Memory.copy(from, to, bytes);
    }

    /** The operand in another type, or the same. */
    Kernel cast(Step step, DType dtype, long x, long y) {
        long n = step.inputType(0).elements();
        return step.inputType(0).dtype() == dtype
                ? () -> Memory.copy(x, y, n * dtype.bytes())
                : dtype == DType.BF16 ? Bf16Conversion.round(pool, n, x, y) : Bf16Conversion.widen(pool, n, x, y);
    }

    /** A part of an axis. */
    Kernel slice(Step step, int axis, int start, int length, long in, long out) {
        long inner = inner(step, axis);
        long stride = inner * step.inputType(0).shape().dim(axis);
        long blocks = step.inputType(0).bytes() / stride;
        return BlockCopy.of(pool, blocks, length * inner, in + start * inner, stride, out, length * inner);
    }

    /** Operands one behind the other along an axis. */
    Kernel concat(Step step, int axis, long[] in, long out) {
        Shape result = step.outputs().getFirst().type().shape();
        long inner = inner(step, axis);
        long stride = inner * result.dim(axis);
        long blocks = step.outputs().getFirst().type().bytes() / stride;
        Kernel[] parts = new Kernel[in.length];
        long start = 0;
        for (int i = 0; i < in.length; i++) {
            long length = step.inputType(i).shape().dim(axis) * inner;
            parts[i] = BlockCopy.of(pool, blocks, length, in[i], length, out + start, stride);
            start += length;
        }
        return BlockCopy.sequence(parts);
    }

    /** The operand between zeros along an axis. */
    Kernel pad(Step step, int axis, int before, int after, long in, long out) {
        long inner = inner(step, axis);
        long length = step.inputType(0).shape().dim(axis) * inner;
        long stride = length + (before + after) * inner;
        long blocks = step.inputType(0).bytes() / length;
        return BlockCopy.sequence(
                BlockCopy.zero(pool, blocks, before * inner, out, stride),
                BlockCopy.of(pool, blocks, length, in, length, out + before * inner, stride),
                BlockCopy.zero(pool, blocks, after * inner, out + before * inner + length, stride));
    }

    /** (B, T, C) moved along T; zeros come in. */
    Kernel shift(Step step, int steps, long in, long out) {
        Shape x = step.inputType(0).shape();
        int time = x.dim(1);
        long width = inner(step, 1);
        int moved = Math.clamp(Math.abs((long) steps), 0, time);
        long stride = time * width;
        long kept = (time - moved) * width;
        long gap = moved * width;
        long source = steps > 0 ? in : in + gap;
        long target = steps > 0 ? out + gap : out;
        long zeros = steps > 0 ? out : out + kept;
        return BlockCopy.sequence(
                BlockCopy.zero(pool, x.dim(0), gap, zeros, stride),
                BlockCopy.of(pool, x.dim(0), kept, source, stride, target, stride));
    }

    /** Bytes of one index of an axis; operands of one op differ in that axis alone. */
    private static long inner(Step step, int axis) {
        Shape shape = step.inputType(0).shape();
        long product = step.inputType(0).dtype().bytes();
        for (int i = axis + 1; i < shape.rank(); i++) {
            product *= shape.dim(i);
        }
        return product;
    }
}
