package org.nanochat4j.engine.cpu.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.VectorMask;

/**
 * Rows of a matrix A, packed for {@link Products#strips} in strips of {@link MicroKernel#ROWS}: row after row, or interleaved when A is stored transposed.
 *
 * <p>They are on the heap because {@link MicroKernel} wants them there; machine code sees the same array as a segment.
 */
final class PackedRows {
    /**
     * Where element (i, p) of a strip lies: {@code strip number strip + i row + p step}, all in floats.
     */
    record Layout(int row, int step, int strip) {
        /** For blocks of k that are no longer than this. */
        static Layout of(boolean transposed, int block) {
            // A vector more, because interleaving stores whole vectors.
            int strip = STRIP * block + LANES;
            return transposed ? new Layout(1, STRIP, strip) : new Layout(block, 1, strip);
        }
    }

    private static final int STRIP = MicroKernel.ROWS;
    private static final int LANES = Memory.LANES;
    private static final int INTERLEAVED = 8;

    private final float[] floats;
    private final MemorySegment segment;
    private Layout layout;
    private int depth;

    /** For so many rows of at most {@code block} columns. */
    PackedRows(int rows, int block) {
        layout = Layout.of(false, block);
        floats = new float[rows / STRIP * layout.strip()];
        segment = MemorySegment.ofArray(floats);
    }

    float[] floats() {
        return floats;
    }

    MemorySegment segment() {
        return segment;
    }

    /** How the rows that were packed last lie. */
    Layout layout() {
        return layout;
    }

    /** Columns of the rows that were packed last. */
    int depth() {
        return depth;
    }

    /**
     * Packs a part of a matrix; rows missing in the last strip become zero.
     *
     * @param a address of the first element of the part, stored (rows, depth) or transposed (depth, rows)
     * @param lda bytes from one stored row to the next
     */
    void pack(long a, long lda, boolean transposed, int rows, int depth, Layout layout) {
        this.layout = layout;
        this.depth = depth;
        if (transposed) {
            // A few rows of the matrix at a time: a strip alone would fetch every cache line again for its neighbour.
            for (int from = 0; from < depth; from += INTERLEAVED) {
                int count = Math.min(INTERLEAVED, depth - from);
                for (int i = 0; i < rows; i += STRIP) {
                    int index = i / STRIP * layout.strip() + from * STRIP;
                    boolean whole = i + LANES <= rows;
                    interleave(a + from * lda + 4L * i, lda, Math.min(STRIP, rows - i), whole, count, floats, index);
                }
            }
            return;
        }
        for (int i = 0; i < GemmTiling.roundUp(rows, STRIP); i++) {
            int index = i / STRIP * layout.strip() + i % STRIP * layout.row();
            if (i < rows) {
                copyRow(a + i * lda, depth, floats, index);
            } else {
                Arrays.fill(floats, index, index + depth, 0);
            }
        }
    }

    /** Copies the first columns of a matrix, 6 floats for each row; the excess lanes of a store are overwritten by the next. */
    private static void interleave(
            long source, long stride, int columns, boolean whole, int rows, float[] target, int index) {
        if (LANES < STRIP) {
            for (int p = 0; p < rows; p++) {
                for (int i = 0; i < STRIP; i++) {
                    target[index + p * STRIP + i] = i < columns ? Memory.getFloat(source + p * stride + 4L * i) : 0;
                }
            }
            return;
        }
        if (whole) {
            for (int p = 0; p < rows; p++) {
                Memory.load(source + p * stride).intoArray(target, index + p * STRIP);
            }
            return;
        }
        VectorMask<Float> mask = Memory.mask(columns);
        for (int p = 0; p < rows; p++) {
            Memory.load(source + p * stride, mask).intoArray(target, index + p * STRIP);
        }
    }

    private static void copyRow(long source, int count, float[] target, int index) {
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            Memory.load(source + 4L * i).intoArray(target, index + i);
        }
        for (; i < count; i++) {
            target[index + i] = Memory.getFloat(source + 4L * i);
        }
    }
}
