package org.nanochat4j.engine.reference;

import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.reference.ReferenceInterpreter.Operation;

/** Twins of the ops that only move numbers. */
final class ReferenceLayout {
    private ReferenceLayout() {}

    /** The product of the extents behind an axis: how many numbers one index of that axis spans. */
    private static int inner(Shape shape, int axis) {
        int product = 1;
        for (int i = axis + 1; i < shape.rank(); i++) {
            product *= shape.dim(i);
        }
        return product;
    }

    static void concat(Operation o, int axis) {
        int start = 0;
        for (ReferenceBuffer part : o.in()) {
            place(part, o.out(0), axis, start);
            start += part.dim(axis);
        }
    }

    static void pad(Operation o, int axis, int before) {
        place(o.in(0), o.out(0), axis, before);
    }

    /** Writes a part into the whole, from an index of an axis. */
    private static void place(ReferenceBuffer part, ReferenceBuffer whole, int axis, int start) {
        int inner = inner(part.type().shape(), axis);
        int span = part.dim(axis) * inner;
        for (int i = 0; i < part.values.length; i++) {
            int outer = i / span;
            whole.values[(outer * whole.dim(axis) + start) * inner + i % span] = part.values[i];
        }
    }

    static void slice(Operation o, int axis, int start) {
        int inner = inner(o.in(0).type().shape(), axis);
        int span = o.out(0).dim(axis) * inner;
        for (int i = 0; i < o.y().length; i++) {
            int outer = i / span;
            o.y()[i] = o.x(0)[(outer * o.in(0).dim(axis) + start) * inner + i % span];
        }
    }

    static void shiftTime(Operation o, int steps) {
        int time = o.in(0).dim(1);
        int channels = o.in(0).dim(2);
        for (int row = 0; row < o.in(0).dim(0); row++) {
            for (int t = 0; t < time; t++) {
                if (t - steps >= 0 && t - steps < time) {
                    System.arraycopy(
                            o.x(0), (row * time + t - steps) * channels, o.y(), (row * time + t) * channels, channels);
                }
            }
        }
    }

    static void kvAppend(Operation o) {
        ReferenceBuffer cache = o.in(0);
        ReferenceBuffer x = o.in(1);
        int width = x.dim(2) * x.dim(3);
        for (int row = 0; row < x.dim(0); row++) {
            for (int t = 0; t < x.dim(1); t++) {
                int position = o.in(2).id(row) + t;
                if (position >= 0 && position < cache.dim(1)) {
                    System.arraycopy(
                            x.values,
                            (row * x.dim(1) + t) * width,
                            cache.values,
                            (row * cache.dim(1) + position) * width,
                            width);
                }
            }
        }
    }

    static void embedding(Operation o) {
        int columns = o.in(0).last();
        for (int i = 0; i < o.x(1).length; i++) {
            System.arraycopy(o.x(0), id(o.in(1), i, o.in(0).dim(0)) * columns, o.y(), i * columns, columns);
        }
    }

    static void embeddingGrad(Operation o) {
        int columns = o.in(0).last();
        for (int i = 0; i < o.x(1).length; i++) {
            int row = id(o.in(1), i, o.out(0).dim(0));
            for (int c = 0; c < columns; c++) {
                o.y()[row * columns + c] += o.x(0)[i * columns + c];
            }
        }
    }

    private static int id(ReferenceBuffer ids, int index, int rows) {
        int id = ids.id(index);
        if (id < 0 || id >= rows) {
            throw new EngineException.BadData("id " + id + " at index " + index + " is outside a table of " + rows
                    + " rows\n  remedy: ids run from 0 to " + (rows - 1));
        }
        return id;
    }
}
