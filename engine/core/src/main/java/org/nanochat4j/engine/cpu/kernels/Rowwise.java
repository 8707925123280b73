package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.load;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Kernels over the rows of a matrix (rows, columns). */
public final class Rowwise {
    private static final int SUM_BLOCK = 128;
    private static final int STRIP = 4 * LANES;

    private Rowwise() {}

    /** y = a + row vector b. */
    public static Kernel addRow(Parallel pool, long rows, int columns, long a, long b, long y) {
        return new RowKernel(pool, rows, columns) {
            @Override
            void row(long row) {
                long offset = 4 * row * columns;
                int i = 0;
                for (; i + LANES <= columns; i += LANES) {
                    store(load(a + offset + 4L * i).add(load(b + 4L * i)), y + offset + 4L * i);
                }
                if (i < columns) {
                    VectorMask<Float> mask = F.indexInRange(i, columns);
                    long at = offset + 4L * i;
                    store(load(a + at, mask).add(load(b + 4L * i, mask)), y + at, mask);
                }
            }
        };
    }

    /** y[r, :] = s[r] x[r, :]. */
    public static Kernel scaleRows(Parallel pool, long rows, int columns, long x, long s, long y) {
        return new RowKernel(pool, rows, columns) {
            @Override
            void row(long row) {
                float factor = getFloat(s + 4 * row);
                long offset = 4 * row * columns;
                int i = 0;
                for (; i + LANES <= columns; i += LANES) {
                    store(load(x + offset + 4L * i).mul(factor), y + offset + 4L * i);
                }
                if (i < columns) {
                    VectorMask<Float> mask = F.indexInRange(i, columns);
                    long at = offset + 4L * i;
                    store(load(x + at, mask).mul(factor), y + at, mask);
                }
            }
        };
    }

    /** y[r] = Σ a[r, :] ∘ b[r, :]. */
    public static Kernel rowDot(Parallel pool, long rows, int columns, long a, long b, long y) {
        return new RowKernel(pool, rows, columns) {
            @Override
            void row(long row) {
                long offset = 4 * row * columns;
                putFloat(y + 4 * row, (float) dot(a + offset, b + offset, columns));
            }
        };
    }

    /** Sum of products with four accumulators; used by all reductions, so that they round alike. */
    static double dot(long a, long b, int count) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        FloatVector s2 = FloatVector.zero(F);
        FloatVector s3 = FloatVector.zero(F);
        int i = 0;
        for (; i + STRIP <= count; i += STRIP) {
            long at = 4L * i;
            s0 = load(a + at).fma(load(b + at), s0);
            s1 = load(a + at + 4L * LANES).fma(load(b + at + 4L * LANES), s1);
            s2 = load(a + at + 8L * LANES).fma(load(b + at + 8L * LANES), s2);
            s3 = load(a + at + 12L * LANES).fma(load(b + at + 12L * LANES), s3);
        }
        for (; i + LANES <= count; i += LANES) {
            s0 = load(a + 4L * i).fma(load(b + 4L * i), s0);
        }
        if (i < count) {
            VectorMask<Float> mask = F.indexInRange(i, count);
            s1 = load(a + 4L * i, mask).fma(load(b + 4L * i, mask), s1);
        }
        return Lanes.sum(s0.add(s1).add(s2.add(s3)));
    }

    /** Sum of elements with four accumulators. */
    static double sum(long x, int count) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        FloatVector s2 = FloatVector.zero(F);
        FloatVector s3 = FloatVector.zero(F);
        int i = 0;
        for (; i + STRIP <= count; i += STRIP) {
            long at = x + 4L * i;
            s0 = s0.add(load(at));
            s1 = s1.add(load(at + 4L * LANES));
            s2 = s2.add(load(at + 8L * LANES));
            s3 = s3.add(load(at + 12L * LANES));
        }
        for (; i + LANES <= count; i += LANES) {
            s0 = s0.add(load(x + 4L * i));
        }
        if (i < count) {
            s1 = s1.add(load(x + 4L * i, F.indexInRange(i, count)));
        }
        return Lanes.sum(s0.add(s1).add(s2.add(s3)));
    }

    /** y[c] = Σ over rows of x[:, c]; each part owns a strip of columns, partial sums of 128 rows keep the rounding small. */
    public static Kernel sumRows(Parallel pool, long rows, int columns, long x, long y) {
        int strips = (columns + LANES - 1) / LANES;
        Parallel.Task strip = (index, worker) -> {
            int column = index * LANES;
            VectorMask<Float> mask = F.indexInRange(column, columns);
            FloatVector total = FloatVector.zero(F);
            for (long start = 0; start < rows; start += SUM_BLOCK) {
                FloatVector block = FloatVector.zero(F);
                long end = Math.min(start + SUM_BLOCK, rows);
                for (long row = start; row < end; row++) {
                    block = block.add(load(x + 4 * (row * columns + column), mask));
                }
                total = total.add(block);
            }
            store(total, y + 4L * column, mask);
        };
        return () -> pool.run(strips, strip);
    }
}
