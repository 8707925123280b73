package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The parts of a Muon step that are not matrix products, over stacks (matrices, rows, columns). Sources: Jordan et al. 2024; Li et al. 2025 (NorMuon); Liang et
 * al. 2024 (cautious updates).
 *
 * <p>Normalisation: {@link RowKernels#rowDot} of the stack with itself, {@link #equilibrate}, {@link RowKernels#scaleRows}; scratch: matrices * rows numbers.
 *
 * <p>Update: {@link RowKernels#rowDot} (rows at least columns) or {@link #columnSquares} (otherwise) of the stack, {@link #variance}, and {@link #descend} for each
 * parameter; scratch: matrices * max(rows, columns) numbers.
 */
public final class MuonKernels {
    private static final float TINY_NORM = 1e-6f;
    private static final float TINY_MOMENT = 1e-10f;

    private static final int ITEMS = 256;

    /** Columns that a group of {@link #columnSquares} adds up, and the parts of the rows that its items take. */
    private static final int STRIP = 32;

    private static final int PARTS = 8;

    private MuonKernels() {}

    /**
     * buffer = m buffer + (1-m) g; y = (1-m) g + m buffer, for one matrix of the stack. Launch: {@link Launch#elements} of n.
     *
     * @param hyper learning rate, momentum m, weight decay (3)
     */
    public static void nesterov(
            KernelContext context,
            FloatArray hyper,
            int hyperAt,
            FloatArray g,
            int gAt,
            FloatArray buffer,
            int bufferAt,
            FloatArray y,
            int yAt,
            int n) {
        int i = context.globalIdx;
        if (i < n) {
            float keep = hyper.get(hyperAt + 1);
            float fresh = (1f - keep) * g.get(gAt + i);
            float mean = keep * buffer.get(bufferAt + i) + fresh;
            buffer.set(bufferAt + i, mean);
            y.set(yAt + i, fresh + keep * mean);
        }
    }

    /**
     * One group for each matrix of a stack.
     *
     * @param matrices how many
     * @return the launch of {@link #equilibrate} and {@link #variance}
     */
    public static Launch launch(int matrices) {
        return Launch.groups(matrices, ITEMS);
    }

    /**
     * From the squared norms of rows to their factors, in place: t = ||X|| / sqrt(rows); X_i *= t / max(||X_i||, 1e-6); X /= 1.01 ||X|| + 1e-6.
     *
     * <p>Launch: {@link #launch}.
     *
     * @param factors squared norms (matrices, rows), overwritten
     */
    public static void equilibrate(KernelContext context, FloatArray factors, int factorsAt, int rows) {
        int start = factorsAt + context.groupIdx * rows;
        float part = 0f;
        for (int i = context.localIdx; i < rows; i += ITEMS) {
            part += factors.get(start + i);
        }
        float target = TornadoMath.sqrt(Group.sum(context, part) / rows);
        part = 0f;
        for (int i = context.localIdx; i < rows; i += ITEMS) {
            float norm = TornadoMath.sqrt(factors.get(start + i));
            float factor = target / TornadoMath.max(norm, TINY_NORM);
            factors.set(start + i, factor);
            part += norm * factor * (norm * factor);
        }
        float whole = 1f / (1.01f * TornadoMath.sqrt(Group.sum(context, part)) + TINY_NORM);
        for (int i = context.localIdx; i < rows; i += ITEMS) {
            factors.set(start + i, factors.get(start + i) * whole);
        }
    }

    /**
     * The launch of {@link #columnSquares}.
     *
     * @param matrices how many
     * @param columns of each
     * @return groups for strips of columns along x, matrices along y
     */
    public static Launch columnLaunch(int matrices, int columns) {
        return Launch.groups(Tiles.count(columns, STRIP), matrices, 1, STRIP * PARTS);
    }

    /** y[k, c] = sum over the rows of x[k, :, c]². Launch: {@link #columnLaunch}. */
    public static void columnSquares(
            KernelContext context, FloatArray x, int xAt, FloatArray y, int yAt, int rows, int columns) {
        float[] shared = context.allocateFloatLocalArray(STRIP * PARTS);
        int item = context.localIdx;
        int column = context.groupIdx * STRIP + item % STRIP;
        int start = xAt + context.groupIdy * rows * columns;
        float total = 0f;
        if (column < columns) {
            for (int row = item / STRIP; row < rows; row += PARTS) {
                float value = x.get(start + row * columns + column);
                total += value * value;
            }
        }
        shared[item] = total;
        context.localBarrier();
        if (item < STRIP && column < columns) {
            float sum = 0f;
            for (int part = Rolled.from(context); part < PARTS; part++) {
                sum += shared[part * STRIP + item];
            }
            y.set(yAt + context.groupIdy * columns + column, sum);
        }
    }

    /**
     * From the squared norms of lines to the factors of X in the update, in place, with the second moment: a line is a row if rows ≥ columns, else a column.
     *
     * <p>With g = X sqrt(min(rows, columns)) / max(||X||, 1e-6) and u = mean of g² along a line: {@code s += (1-beta2)(u - s); w = 1/sqrt(max(s, 1e-10))}, and g w is
     * scaled to the norm of g. Launch: {@link #launch}.
     *
     * @param take 1 - beta2
     * @param second second moment (matrices, lines), written
     * @param factors squared norms (matrices, lines), overwritten
     */
    public static void variance(
            KernelContext context,
            float take,
            FloatArray second,
            int secondAt,
            FloatArray factors,
            int factorsAt,
            int rows,
            int columns) {
        int lines = rows >= columns ? rows : columns;
        int length = rows >= columns ? columns : rows;
        int start = factorsAt + context.groupIdx * lines;
        int moments = secondAt + context.groupIdx * lines;
        float part = 0f;
        for (int i = context.localIdx; i < lines; i += ITEMS) {
            part += factors.get(start + i);
        }
        float norm = TornadoMath.sqrt(Group.sum(context, part));
        float snap = TornadoMath.sqrt((float) length) / TornadoMath.max(norm, TINY_NORM);
        float before = 0f;
        float after = 0f;
        for (int i = context.localIdx; i < lines; i += ITEMS) {
            float mean = factors.get(start + i) * (snap * snap) / length;
            float moment = second.get(moments + i);
            moment = moment + take * (mean - moment);
            second.set(moments + i, moment);
            float weight = 1f / TornadoMath.sqrt(TornadoMath.max(moment, TINY_MOMENT));
            before += mean;
            after += mean * weight * weight;
            factors.set(start + i, weight);
        }
        float normBefore = TornadoMath.sqrt(length * Group.sum(context, before));
        float normAfter = TornadoMath.sqrt(length * Group.sum(context, after));
        float keep = snap * normBefore / TornadoMath.max(normAfter, TINY_MOMENT);
        for (int i = context.localIdx; i < lines; i += ITEMS) {
            factors.set(start + i, factors.get(start + i) * keep);
        }
    }

    /**
     * p -= lr g + lr wd p [g p ≥ 0], with g = X times the factor of its line and lr times sqrt(max(1, rows / columns)), for one matrix of the stack.
     *
     * <p>Launch: {@link Launch#elements} of rows * columns.
     *
     * @param hyper learning rate lr, momentum, weight decay wd (3)
     * @param x that matrix (rows, columns)
     * @param factors those of its lines
     */
    public static void descend(
            KernelContext context,
            FloatArray hyper,
            int hyperAt,
            FloatArray x,
            int xAt,
            FloatArray factors,
            int factorsAt,
            FloatArray p,
            int pAt,
            int rows,
            int columns) {
        int i = context.globalIdx;
        if (i < rows * columns) {
            int line = rows >= columns ? i / columns : i % columns;
            float rate = hyper.get(hyperAt);
            if (rows > columns) {
                rate *= TornadoMath.sqrt((float) rows / columns);
            }
            float g = x.get(xAt + i) * factors.get(factorsAt + line);
            float value = p.get(pAt + i);
            float decay = 0f;
            if (g * value >= 0f) {
                decay = hyper.get(hyperAt + 2) * value;
            }
            p.set(pAt + i, value - rate * (g + decay));
        }
    }
}
