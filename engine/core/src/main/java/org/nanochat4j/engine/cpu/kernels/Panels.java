package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.VectorMask;

/**
 * Panels: matrices of {@link #WIDTH} columns, two vectors wide, row after row. The tiled kernels (attention and the loss) keep them in near caches and
 * multiply them by {@link Products}.
 */
final class Panels {
    /** Columns of a panel. */
    static final int WIDTH = 2 * LANES;

    /** Bytes of one row of a panel. */
    static final long BYTES = 4L * WIDTH;

    private static final long VECTOR_BYTES = 4L * LANES;

    /** The whole address space, for kernels too large to go through {@link Memory}. */
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Panels() {}

    /**
     * Packs X (rows, columns) transposed: panel[j][i] = scale X[i][j]; panel columns from {@code rows} to WIDTH become 0.
     *
     * @param stride bytes from one row of X to the next
     */
    static void packTransposed(long x, long stride, int rows, int columns, float scale, long panel) {
        for (int i = 0; i < rows; i++) {
            long from = x + i * stride;
            long to = panel + 4L * i;
            for (int j = 0; j < columns; j++) {
                putFloat(to + j * BYTES, scale * getFloat(from + 4L * j));
            }
        }
        for (int i = rows; i < WIDTH; i++) {
            for (int j = 0; j < columns; j++) {
                putFloat(panel + 4L * i + j * BYTES, 0f);
            }
        }
    }

    /** The reverse: X[i][j] = factor[i] panel[j][i] for i below {@code rows}; panel rows lie {@code ldp} bytes apart. */
    static void unpackTransposed(long panel, long ldp, int rows, int columns, long factor, long x, long stride) {
        for (int i = 0; i < rows; i++) {
            long from = panel + 4L * i;
            long to = x + i * stride;
            float scale = getFloat(factor + 4L * i);
            for (int j = 0; j < columns; j++) {
                putFloat(to + 4L * j, scale * getFloat(from + j * ldp));
            }
        }
    }

    /** Bytes of the panels that {@link #packRows} makes of a matrix with {@code rows} rows. */
    static long packedBytes(int rows, int columns) {
        return rows * paddedBytes(columns);
    }

    /** Bytes of a row of {@code columns} floats padded to whole panels. */
    static long paddedBytes(int columns) {
        return (columns + WIDTH - 1) / WIDTH * BYTES;
    }

    /** Packs X (rows, columns) into panels of WIDTH columns, one after the other, each (rows, WIDTH); missing columns become 0. */
    static void packRows(long x, long stride, int rows, int columns, long panels) {
        long to = panels;
        for (int j = 0; j < columns; j += WIDTH) {
            VectorMask<Float> first = F.indexInRange(j, columns);
            VectorMask<Float> second = F.indexInRange(j + LANES, columns);
            for (int i = 0; i < rows; i++) {
                long from = x + i * stride + 4L * j;
                fromMemorySegment(F, ALL, from, LITTLE_ENDIAN, first).intoMemorySegment(ALL, to, LITTLE_ENDIAN);
                fromMemorySegment(F, ALL, from + VECTOR_BYTES, LITTLE_ENDIAN, second)
                        .intoMemorySegment(ALL, to + VECTOR_BYTES, LITTLE_ENDIAN);
                to += BYTES;
            }
        }
    }
}
