package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.Cast;
import org.nanochat4j.engine.tornado.kernels.CastKernels;
import org.nanochat4j.engine.tornado.kernels.CopyKernels;
import org.nanochat4j.engine.tornado.kernels.Launch;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** Tasks of ops that only move or convert numbers. */
final class MoveTasks {
    private MoveTasks() {}

    /** All elements of the first operand's count, from one place to another of the same element type. */
    static void copy(Work w, Place x, Place y) {
        copy(w, x, y, w.elements(0));
    }

    /** So many elements, from one place to another of the same element type. */
    static void copy(Work w, Place x, Place y, long elements) {
        int n = Math.toIntExact(elements);
        TaskPackage work = switch (x.bank().dtype()) {
            case F32 ->
                TaskPackage.createPackage(
                        w.next(), CopyKernels::copy, w.context(), x.floats(), x.at(), y.floats(), y.at(), n);
            case I32 ->
                TaskPackage.createPackage(
                        w.next(), CopyKernels::copyInts, w.context(), x.ints(), x.at(), y.ints(), y.at(), n);
            case BF16 ->
                TaskPackage.createPackage(
                        w.next(), CastKernels::copy, w.context(), x.halves(), x.at(), y.halves(), y.at(), n);
            case F16, I8, F64 ->
                throw new IllegalStateException("a bank of " + x.bank().dtype());
        };
        w.add(work, Launch.elements(n));
    }

    static void cast(Work w, Cast op) {
        Place x = w.in(0);
        Place y = w.out(0);
        long elements = w.elements(0);
        if (x.bank().dtype() == op.dtype()) {
            copy(w, x, y, elements);
        } else if (op.dtype() == DType.BF16) {
            round(w, x, y, elements);
        } else {
            widen(w, x, y, elements);
        }
    }

    /** BF16 as F32. */
    static void widen(Work w, Place x, Place y, long elements) {
        int n = Math.toIntExact(elements);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        CastKernels::fromBf16,
                        w.context(),
                        w.builtIn(),
                        x.halves(),
                        x.at(),
                        y.floats(),
                        y.at(),
                        n),
                Launch.elements(n));
    }

    /** F32 rounded to BF16. */
    static void round(Work w, Place x, Place y, long elements) {
        int n = Math.toIntExact(elements);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        CastKernels::toBf16,
                        w.context(),
                        w.builtIn(),
                        x.floats(),
                        x.at(),
                        y.halves(),
                        y.at(),
                        n),
                Launch.elements(n));
    }

    /** Elements of one index of an axis. */
    private static int inner(Shape shape, int axis) {
        int product = 1;
        for (int i = axis + 1; i < shape.rank(); i++) {
            product *= shape.dim(i);
        }
        return product;
    }

    static void concat(Work w, int axis) {
        int stride = inner(w.outShape(0), axis) * w.outShape(0).dim(axis);
        int start = 0;
        for (int part = 0; part < w.operands(); part++) {
            int length = inner(w.shape(part), axis) * w.shape(part).dim(axis);
            move(w, w.in(part), length, w.out(0).plus(start), stride, length, 0, w.elements(part) / length);
            start += length;
        }
    }

    static void pad(Work w, int axis, int before, int after) {
        int inner = inner(w.shape(0), axis);
        int length = inner * w.shape(0).dim(axis);
        int stride = length + (before + after) * inner;
        move(w, w.in(0), length, w.out(0), stride, stride, before * inner, w.elements(0) / length);
    }

    static void slice(Work w, int axis, int start, int length) {
        int inner = inner(w.shape(0), axis);
        int whole = inner * w.shape(0).dim(axis);
        move(w, w.in(0), whole, w.out(0), length * inner, length * inner, -start * inner, w.elements(0) / whole);
    }

    /** (B, T, C) moved along T; zeros come in. */
    static void shiftTime(Work w, int steps) {
        Shape x = w.shape(0);
        int length = x.dim(1) * x.dim(2);
        int moved = Math.clamp(steps, -x.dim(1), x.dim(1));
        move(w, w.in(0), length, w.out(0), length, length, moved * x.dim(2), x.dim(0));
    }

    private static void move(Work w, Place x, int xLength, Place y, int yStride, int yLength, int shift, int blocks) {
        TaskPackage work = x.bank().dtype() == DType.BF16
                ? TaskPackage.createPackage(
                        w.next(),
                        CopyKernels::moveHalves,
                        w.context(),
                        x.halves(),
                        x.at(),
                        xLength,
                        y.halves(),
                        y.at(),
                        yStride,
                        yLength,
                        shift,
                        blocks)
                : TaskPackage.createPackage(
                        w.next(),
                        CopyKernels::moveBlocks,
                        w.context(),
                        x.floats(),
                        x.at(),
                        xLength,
                        y.floats(),
                        y.at(),
                        yStride,
                        yLength,
                        shift,
                        blocks);
        w.add(work, Launch.elements((long) blocks * yLength));
    }
}
