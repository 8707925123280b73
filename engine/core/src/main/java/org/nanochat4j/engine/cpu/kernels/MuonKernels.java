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
import jdk.incubator.vector.VectorOperators;

/** The parts of a Muon step that are not matrix products, over a stack (K, R, C). */
public final class MuonKernels {
    private static final float TINY_NORM = 1e-6f;
    private static final float TINY_MOMENT = 1e-10f;

    private MuonKernels() {}

    /** buf = m buf + (1-m) g; out = (1-m) g + m buf; momentum m is the second hyper-parameter. */
    public static Kernel momentum(Parallel pool, int matrix, long buffer, long hyper, long[] gradients, long out) {
        Kernel[] parts = new Kernel[gradients.length];
        for (int k = 0; k < parts.length; k++) {
            long g = gradients[k];
            long buf = buffer + 4L * matrix * k;
            long y = out + 4L * matrix * k;
            parts[k] = new RangeKernel(pool, matrix) {
                @Override
                void range(long from, long to) {
                    float keep = getFloat(hyper + 4);
                    float take = 1f - keep;
                    for (long i = from; i < to; i += LANES) {
                        VectorMask<Float> mask = F.indexInRange(0, (int) Math.min(LANES, to - i));
                        FloatVector fresh = fromMemorySegment(F, ALL, g + 4 * i, LITTLE_ENDIAN, mask)
                                .mul(take);
                        FloatVector mean = fromMemorySegment(F, ALL, buf + 4 * i, LITTLE_ENDIAN, mask)
                                .mul(keep)
                                .add(fresh);
                        mean.intoMemorySegment(ALL, buf + 4 * i, LITTLE_ENDIAN, mask);
                        fresh.add(mean.mul(keep)).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN, mask);
                    }
                }
            };
        }
        return BlockCopy.sequence(parts);
    }

    /** Row equilibration and scaling of each matrix to a Frobenius norm just below 1. */
    public static Kernel normalize(Parallel pool, int count, int rows, int columns, long x, long y) {
        float[] factors = new float[count * rows];
        RowKernel norms = new RowKernel(pool, (long) count * rows, columns) {
            @Override
            void row(long row) {
                long at = x + 4 * row * columns;
                factors[(int) row] = (float) Math.sqrt(Rowwise.dot(at, at, columns));
            }
        };
        RowKernel apply = new RowKernel(pool, (long) count * rows, columns) {
            @Override
            void row(long row) {
                scale(x + 4 * row * columns, factors[(int) row], y + 4 * row * columns, columns);
            }
        };
        return () -> {
            norms.run();
            for (int k = 0; k < count; k++) {
                equilibrate(factors, k * rows, rows);
            }
            apply.run();
        };
    }

    /** Turns the row norms of one matrix into the factors of its rows. */
    private static void equilibrate(float[] rowNorms, int start, int rows) {
        double squares = 0;
        for (int i = start; i < start + rows; i++) {
            squares += (double) rowNorms[i] * rowNorms[i];
        }
        float target = (float) Math.sqrt(squares / rows);
        double scaled = 0;
        for (int i = start; i < start + rows; i++) {
            float factor = target / Math.max(rowNorms[i], TINY_NORM);
            double norm = (double) rowNorms[i] * factor;
            scaled += norm * norm;
            rowNorms[i] = factor;
        }
        float whole = (float) (1 / (1.01 * Math.sqrt(scaled) + TINY_NORM));
        for (int i = start; i < start + rows; i++) {
            rowNorms[i] *= whole;
        }
    }

    private static void scale(long x, float factor, long y, int columns) {
        for (int i = 0; i < columns; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(i, columns);
            fromMemorySegment(F, ALL, x + 4L * i, LITTLE_ENDIAN, mask)
                    .mul(factor)
                    .intoMemorySegment(ALL, y + 4L * i, LITTLE_ENDIAN, mask);
        }
    }

    /** Norm snap, variance reduction, cautious decay and update; see {@link org.nanochat4j.engine.op.MuonUpdate}. */
    public static Kernel update(
            Parallel pool, float beta2, int rows, int columns, long second, long hyper, long x, long[] parameters) {
        int reduced = Math.max(rows, columns) == rows ? rows : columns;
        float shapeScale = (float) Math.sqrt(Math.max(1.0, (double) rows / columns));
        float[] factors = new float[parameters.length * reduced];
        Parallel.Task statistics = (k, worker) -> {
            long g = x + 4L * rows * columns * k;
            if (rows >= columns) {
                rowMeans(g, rows, columns, factors, k * reduced);
            } else {
                columnMeans(g, rows, columns, factors, k * reduced);
            }
            variance(beta2, rows, columns, second + 4L * reduced * k, factors, k * reduced, reduced);
        };
        RowKernel apply = new RowKernel(pool, (long) parameters.length * rows, columns) {
            @Override
            void row(long index) {
                int k = (int) (index / rows);
                int row = (int) (index % rows);
                float rate = getFloat(hyper) * shapeScale;
                float decay = rate * getFloat(hyper + 8);
                long p = parameters[k] + 4L * row * columns;
                step(
                        p,
                        x + 4 * index * columns,
                        columns,
                        rate,
                        decay,
                        factors,
                        k * reduced,
                        rows >= columns ? row : -1);
            }
        };
        return () -> {
            pool.run(parameters.length, statistics);
            apply.run();
        };
    }

    /** p -= rate g + decay p where g p ≥ 0, g = x times the factor of its row, or of its column where row is negative. */
    private static void step(
            long p, long x, int columns, float rate, float decay, float[] factors, int start, int row) {
        for (int i = 0; i < columns; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(i, columns);
            FloatVector factor = row >= 0
                    ? FloatVector.broadcast(F, factors[start + row])
                    : FloatVector.fromArray(F, factors, start + i, mask);
            FloatVector g =
                    fromMemorySegment(F, ALL, x + 4L * i, LITTLE_ENDIAN, mask).mul(factor);
            FloatVector value = fromMemorySegment(F, ALL, p + 4L * i, LITTLE_ENDIAN, mask);
            VectorMask<Float> agrees = g.mul(value).compare(VectorOperators.GE, 0f);
            FloatVector change = g.mul(rate);
            change = change.add(value.mul(decay), agrees);
            value.sub(change).intoMemorySegment(ALL, p + 4L * i, LITTLE_ENDIAN, mask);
        }
    }

    private static void rowMeans(long g, int rows, int columns, float[] means, int start) {
        for (int r = 0; r < rows; r++) {
            long at = g + 4L * r * columns;
            means[start + r] = (float) (Rowwise.dot(at, at, columns) / columns);
        }
    }

    private static void columnMeans(long g, int rows, int columns, float[] means, int start) {
        for (int c = 0; c < columns; c += LANES) {
            VectorMask<Float> mask = F.indexInRange(c, columns);
            FloatVector sum = FloatVector.zero(F);
            for (int r = 0; r < rows; r++) {
                FloatVector value = fromMemorySegment(F, ALL, g + 4 * ((long) r * columns + c), LITTLE_ENDIAN, mask);
                sum = value.fma(value, sum);
            }
            sum.div(rows).intoArray(means, start + c, mask);
        }
    }

    /** From means of squares to the factor of each row or column; updates the second moment. */
    private static void variance(
            float beta2, int rows, int columns, long second, float[] means, int start, int reduced) {
        int size = rows >= columns ? columns : rows;
        double total = 0;
        for (int i = start; i < start + reduced; i++) {
            total += means[i];
        }
        float norm = (float) Math.sqrt(total * size);
        float snap = (float) (Math.sqrt(Math.min(rows, columns)) / Math.max(norm, TINY_NORM));
        float snap2 = snap * snap;
        double before = 0;
        double after = 0;
        for (int i = 0; i < reduced; i++) {
            float mean = means[start + i] * snap2;
            float moment = getFloat(second + 4L * i);
            moment += (1f - beta2) * (mean - moment);
            putFloat(second + 4L * i, moment);
            float weight = (float) (1 / Math.sqrt(Math.max(moment, TINY_MOMENT)));
            before += mean;
            after += (double) mean * weight * weight;
            means[start + i] = weight;
        }
        double keep = Math.sqrt(size * before) / Math.max(Math.sqrt(size * after), TINY_MOMENT);
        for (int i = start; i < start + reduced; i++) {
            means[i] = (float) (means[i] * snap * keep);
        }
    }
}
