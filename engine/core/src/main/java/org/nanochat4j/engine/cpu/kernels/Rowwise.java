package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

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
                    fromMemorySegment(F, ALL, a + offset + 4L * i, LITTLE_ENDIAN)
                            .add(fromMemorySegment(F, ALL, b + 4L * i, LITTLE_ENDIAN))
                            .intoMemorySegment(ALL, y + offset + 4L * i, LITTLE_ENDIAN);
                }
                if (i < columns) {
                    VectorMask<Float> mask = F.indexInRange(i, columns);
                    long at = offset + 4L * i;
                    fromMemorySegment(F, ALL, a + at, LITTLE_ENDIAN, mask)
                            .add(fromMemorySegment(F, ALL, b + 4L * i, LITTLE_ENDIAN, mask))
                            .intoMemorySegment(ALL, y + at, LITTLE_ENDIAN, mask);
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
                    fromMemorySegment(F, ALL, x + offset + 4L * i, LITTLE_ENDIAN)
                            .mul(factor)
                            .intoMemorySegment(ALL, y + offset + 4L * i, LITTLE_ENDIAN);
                }
                if (i < columns) {
                    VectorMask<Float> mask = F.indexInRange(i, columns);
                    long at = offset + 4L * i;
                    fromMemorySegment(F, ALL, x + at, LITTLE_ENDIAN, mask)
                            .mul(factor)
                            .intoMemorySegment(ALL, y + at, LITTLE_ENDIAN, mask);
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
            s0 = fromMemorySegment(F, ALL, a + at, LITTLE_ENDIAN)
                    .fma(fromMemorySegment(F, ALL, b + at, LITTLE_ENDIAN), s0);
            s1 = fromMemorySegment(F, ALL, a + at + 4L * LANES, LITTLE_ENDIAN)
                    .fma(fromMemorySegment(F, ALL, b + at + 4L * LANES, LITTLE_ENDIAN), s1);
            s2 = fromMemorySegment(F, ALL, a + at + 8L * LANES, LITTLE_ENDIAN)
                    .fma(fromMemorySegment(F, ALL, b + at + 8L * LANES, LITTLE_ENDIAN), s2);
            s3 = fromMemorySegment(F, ALL, a + at + 12L * LANES, LITTLE_ENDIAN)
                    .fma(fromMemorySegment(F, ALL, b + at + 12L * LANES, LITTLE_ENDIAN), s3);
        }
        for (; i + LANES <= count; i += LANES) {
            s0 = fromMemorySegment(F, ALL, a + 4L * i, LITTLE_ENDIAN)
                    .fma(fromMemorySegment(F, ALL, b + 4L * i, LITTLE_ENDIAN), s0);
        }
        if (i < count) {
            VectorMask<Float> mask = F.indexInRange(i, count);
            s1 = fromMemorySegment(F, ALL, a + 4L * i, LITTLE_ENDIAN, mask)
                    .fma(fromMemorySegment(F, ALL, b + 4L * i, LITTLE_ENDIAN, mask), s1);
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
            s0 = s0.add(fromMemorySegment(F, ALL, at, LITTLE_ENDIAN));
            s1 = s1.add(fromMemorySegment(F, ALL, at + 4L * LANES, LITTLE_ENDIAN));
            s2 = s2.add(fromMemorySegment(F, ALL, at + 8L * LANES, LITTLE_ENDIAN));
            s3 = s3.add(fromMemorySegment(F, ALL, at + 12L * LANES, LITTLE_ENDIAN));
        }
        for (; i + LANES <= count; i += LANES) {
            s0 = s0.add(fromMemorySegment(F, ALL, x + 4L * i, LITTLE_ENDIAN));
        }
        if (i < count) {
            s1 = s1.add(fromMemorySegment(F, ALL, x + 4L * i, LITTLE_ENDIAN, F.indexInRange(i, count)));
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
                    block = block.add(fromMemorySegment(F, ALL, x + 4 * (row * columns + column), LITTLE_ENDIAN, mask));
                }
                total = total.add(block);
            }
            total.intoMemorySegment(ALL, y + 4L * column, LITTLE_ENDIAN, mask);
        };
        return () -> pool.run(strips, strip);
    }
}
