package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Kernels over the rows of a matrix (rows, columns). */
public final class RowKernels {
    private static final int LEAST_ITEMS = 32;

    /** Columns that a group of {@link #sumRows} adds up, and the parts of the rows that its items take. */
    private static final int STRIP = 32;

    private static final int PARTS = 8;

    private RowKernels() {}

    /**
     * One group for each row, with about one item for four numbers.
     *
     * @param rows how many
     * @param columns numbers of a row
     * @return groups along x
     */
    public static Launch launch(int rows, int columns) {
        int items = LEAST_ITEMS;
        while (items < Group.MOST_ITEMS && 4 * items < columns) {
            items *= 2;
        }
        return Launch.groups(rows, items);
    }

    /** y[r, :] = a[r, :] + b. Launch: {@link Launch#elements} of rows * columns. */
    public static void addRow(
            KernelContext context,
            FloatArray a,
            int aAt,
            FloatArray b,
            int bAt,
            FloatArray y,
            int yAt,
            int rows,
            int columns) {
        int i = context.globalIdx;
        if (i < rows * columns) {
            y.set(yAt + i, a.get(aAt + i) + b.get(bAt + i % columns));
        }
    }

    /** y[r, :] = s[r] x[r, :]. Launch: {@link Launch#elements} of rows * columns. */
    public static void scaleRows(
            KernelContext context,
            FloatArray x,
            int xAt,
            FloatArray s,
            int sAt,
            FloatArray y,
            int yAt,
            int rows,
            int columns) {
        int i = context.globalIdx;
        if (i < rows * columns) {
            y.set(yAt + i, s.get(sAt + i / columns) * x.get(xAt + i));
        }
    }

    /** y[r] = a[r, :] · b[r, :]. Launch: {@link #launch}. */
    public static void rowDot(
            KernelContext context, FloatArray a, int aAt, FloatArray b, int bAt, FloatArray y, int yAt, int columns) {
        int row = context.groupIdx * columns;
        float products = 0f;
        for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
            products += a.get(aAt + row + i) * b.get(bAt + row + i);
        }
        float total = Group.sum(context, products);
        if (context.localIdx == 0) {
            y.set(yAt + context.groupIdx, total);
        }
    }

    /**
     * Groups that each take a strip of columns.
     *
     * @param columns how many
     * @return the launch of {@link #sumRows}
     */
    public static Launch sumRowsLaunch(int columns) {
        return Launch.groups(Tiles.count(columns, STRIP), STRIP * PARTS);
    }

    /** y = sum of the rows of x. Launch: {@link #sumRowsLaunch}. */
    public static void sumRows(
            KernelContext context, FloatArray x, int xAt, FloatArray y, int yAt, int rows, int columns) {
        float[] shared = context.allocateFloatLocalArray(STRIP * PARTS);
        int item = context.localIdx;
        int column = context.groupIdx * STRIP + item % STRIP;
        float total = 0f;
        if (column < columns) {
            for (int row = item / STRIP; row < rows; row += PARTS) {
                total += x.get(xAt + row * columns + column);
            }
        }
        shared[item] = total;
        context.localBarrier();
        if (item < STRIP && column < columns) {
            float sum = 0f;
            for (int part = Rolled.from(context); part < PARTS; part++) {
                sum += shared[part * STRIP + item];
            }
            y.set(yAt + column, sum);
        }
    }
}
