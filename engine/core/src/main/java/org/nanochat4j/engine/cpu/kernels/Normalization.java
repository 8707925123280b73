package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Root-mean-square normalisation of rows, forward and backward. */
public final class Normalization {
    private Normalization() {}

    private static float reciprocal(long x, int columns, float eps) {
        double mean = Rowwise.dot(x, x, columns) / columns;
        return (float) (1 / Math.sqrt(mean + eps));
    }

    /** y = x / sqrt(mean(x²) + eps). */
    public static Kernel rms(Parallel pool, long rows, int columns, float eps, long x, long y) {
        return new RowKernel(pool, rows, columns) {
            @Override
            void row(long row) {
                long from = x + 4 * row * columns;
                long to = y + 4 * row * columns;
                float factor = reciprocal(from, columns, eps);
                int i = 0;
                for (; i + LANES <= columns; i += LANES) {
                    fromMemorySegment(F, ALL, from + 4L * i, LITTLE_ENDIAN)
                            .mul(factor)
                            .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
                }
                if (i < columns) {
                    VectorMask<Float> mask = F.indexInRange(i, columns);
                    fromMemorySegment(F, ALL, from + 4L * i, LITTLE_ENDIAN, mask)
                            .mul(factor)
                            .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, mask);
                }
            }
        };
    }

    /** dx = (dy - y mean(dy ∘ y)) / rms, with y and rms from x. */
    public static Kernel rmsGrad(Parallel pool, long rows, int columns, float eps, long x, long dy, long dx) {
        return new RowKernel(pool, rows, columns) {
            @Override
            void row(long row) {
                long offset = 4 * row * columns;
                float factor = reciprocal(x + offset, columns, eps);
                double mean = Rowwise.dot(dy + offset, x + offset, columns) * factor / columns;
                float pull = (float) (mean * factor * factor);
                int i = 0;
                for (; i + LANES <= columns; i += LANES) {
                    long at = offset + 4L * i;
                    FloatVector value = fromMemorySegment(F, ALL, dy + at, LITTLE_ENDIAN)
                            .mul(factor)
                            .sub(fromMemorySegment(F, ALL, x + at, LITTLE_ENDIAN)
                                    .mul(pull));
                    value.intoMemorySegment(ALL, dx + at, LITTLE_ENDIAN);
                }
                if (i < columns) {
                    VectorMask<Float> mask = F.indexInRange(i, columns);
                    long at = offset + 4L * i;
                    FloatVector value = fromMemorySegment(F, ALL, dy + at, LITTLE_ENDIAN, mask)
                            .mul(factor)
                            .sub(fromMemorySegment(F, ALL, x + at, LITTLE_ENDIAN, mask)
                                    .mul(pull));
                    value.intoMemorySegment(ALL, dx + at, LITTLE_ENDIAN, mask);
                }
            }
        };
    }
}
