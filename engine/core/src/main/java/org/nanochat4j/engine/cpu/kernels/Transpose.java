package org.nanochat4j.engine.cpu.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Transposes matrices in registers, block by block of LANES x LANES.
 *
 * <p>Eklundh's method: for every distance s = LANES/2, ..., 2, 1, rows i and i + s exchange the lanes whose number has or lacks the bit s.
 * Two distances at a time stay in registers (four rows), so a block of 16 x 16 makes one trip through a small buffer in the first-level cache.
 */
final class Transpose {
    private static final int LANES = Memory.LANES;

    /** Bytes of the buffer for one block. */
    static final long BUFFER_BYTES = 4L * LANES * LANES;

    private static final long ROW_BYTES = 4L * LANES;
    private static final int FAR = Math.max(LANES / 2, 1);
    private static final int NEAR = Math.max(LANES / 4, 1);

    private static final VectorMask<Float> FAR_SET = lanesWith(FAR);
    private static final VectorMask<Float> NEAR_SET = lanesWith(NEAR);
    private static final VectorMask<Float> TWO_SET = lanesWith(2);
    private static final VectorMask<Float> ONE_SET = lanesWith(1);
    private static final VectorShuffle<Float> FAR_UP = rotate(FAR);
    private static final VectorShuffle<Float> FAR_DOWN = rotate(-FAR);
    private static final VectorShuffle<Float> NEAR_UP = rotate(NEAR);
    private static final VectorShuffle<Float> NEAR_DOWN = rotate(-NEAR);
    private static final VectorShuffle<Float> TWO_UP = rotate(2);
    private static final VectorShuffle<Float> TWO_DOWN = rotate(-2);
    private static final VectorShuffle<Float> ONE_UP = rotate(1);
    private static final VectorShuffle<Float> ONE_DOWN = rotate(-1);

    private Transpose() {}

    private static VectorMask<Float> lanesWith(int bit) {
        long bits = 0;
        for (int lane = 0; lane < LANES; lane++) {
            if ((lane & bit) != 0) {
                bits |= 1L << lane;
            }
        }
        return VectorMask.fromLong(Memory.F, bits);
    }

    private static VectorShuffle<Float> rotate(int by) {
        return VectorShuffle.fromOp(Memory.F, lane -> (lane + by) & (LANES - 1));
    }

    /**
     * Writes the transpose (columns, rows) of a matrix (rows, columns).
     *
     * <p>The target is written in whole blocks: it has room for both dimensions rounded up to LANES, and the excess holds nothing of use.
     *
     * @param sourceStride bytes from one row of the source to the next
     * @param targetStride bytes from one row of the target to the next
     * @param buffer {@link #BUFFER_BYTES} of scratch, aligned
     */
    static void run(
            long source, long sourceStride, int rows, int columns, long target, long targetStride, long buffer) {
        for (int row = 0; row < rows; row += LANES) {
            int height = Math.min(LANES, rows - row);
            long from = source + row * sourceStride;
            long to = target + 4L * row;
            for (int column = 0; column < columns; column += LANES) {
                int width = Math.min(LANES, columns - column);
                long block = from + 4L * column;
                long stride = sourceStride;
                if (height < LANES || width < LANES || LANES == 4) {
                    edge(block, stride, height, width, buffer);
                    block = buffer;
                    stride = ROW_BYTES;
                }
                // One place that calls each pass: twice in one method would exceed the compiler's inlining budget, and
                // vectors would go to the heap.
                if (LANES == 16) {
                    farAndNear(block, stride, buffer);
                } else if (LANES == 8) {
                    farOnly(block, stride, buffer);
                }
                twoAndOne(buffer, ROW_BYTES, to + column * targetStride, targetStride);
            }
        }
    }

    /** Copies a partial block into the buffer; what lies outside stays as it was. Without vectors: see the edges of {@link MicroKernel}. */
    private static void edge(long source, long stride, int height, int width, long buffer) {
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                long from = source + row * stride + 4L * column;
                Memory.putFloat(buffer + row * ROW_BYTES + 4L * column, Memory.getFloat(from));
            }
        }
    }

    /** Distances LANES/2 and LANES/4, source to buffer; both may be the same. */
    private static void farAndNear(long source, long stride, long buffer) {
        for (int i = 0; i < NEAR; i++) {
            FloatVector a = Memory.load(source + i * stride);
            FloatVector b = Memory.load(source + (i + NEAR) * stride);
            FloatVector c = Memory.load(source + (i + 2 * NEAR) * stride);
            FloatVector d = Memory.load(source + (i + 3 * NEAR) * stride);
            FloatVector ac = a.blend(c.rearrange(FAR_DOWN), FAR_SET);
            FloatVector ca = a.rearrange(FAR_UP).blend(c, FAR_SET);
            FloatVector bd = b.blend(d.rearrange(FAR_DOWN), FAR_SET);
            FloatVector db = b.rearrange(FAR_UP).blend(d, FAR_SET);
            long to = buffer + i * ROW_BYTES;
            Memory.store(ac.blend(bd.rearrange(NEAR_DOWN), NEAR_SET), to);
            Memory.store(ac.rearrange(NEAR_UP).blend(bd, NEAR_SET), to + NEAR * ROW_BYTES);
            Memory.store(ca.blend(db.rearrange(NEAR_DOWN), NEAR_SET), to + 2L * NEAR * ROW_BYTES);
            Memory.store(ca.rearrange(NEAR_UP).blend(db, NEAR_SET), to + 3L * NEAR * ROW_BYTES);
        }
    }

    /** Distance LANES/2 alone, for 8 lanes. */
    private static void farOnly(long source, long stride, long buffer) {
        for (int i = 0; i < FAR; i++) {
            FloatVector a = Memory.load(source + i * stride);
            FloatVector b = Memory.load(source + (i + FAR) * stride);
            Memory.store(a.blend(b.rearrange(FAR_DOWN), FAR_SET), buffer + i * ROW_BYTES);
            Memory.store(a.rearrange(FAR_UP).blend(b, FAR_SET), buffer + (i + FAR) * ROW_BYTES);
        }
    }

    /** Distances 2 and 1, buffer to target. */
    private static void twoAndOne(long source, long stride, long target, long targetStride) {
        for (int i = 0; i < LANES; i += 4) {
            long from = source + i * stride;
            FloatVector a = Memory.load(from);
            FloatVector b = Memory.load(from + stride);
            FloatVector c = Memory.load(from + 2 * stride);
            FloatVector d = Memory.load(from + 3 * stride);
            FloatVector ac = a.blend(c.rearrange(TWO_DOWN), TWO_SET);
            FloatVector ca = a.rearrange(TWO_UP).blend(c, TWO_SET);
            FloatVector bd = b.blend(d.rearrange(TWO_DOWN), TWO_SET);
            FloatVector db = b.rearrange(TWO_UP).blend(d, TWO_SET);
            long to = target + i * targetStride;
            Memory.store(ac.blend(bd.rearrange(ONE_DOWN), ONE_SET), to);
            Memory.store(ac.rearrange(ONE_UP).blend(bd, ONE_SET), to + targetStride);
            Memory.store(ca.blend(db.rearrange(ONE_DOWN), ONE_SET), to + 2 * targetStride);
            Memory.store(ca.rearrange(ONE_UP).blend(db, ONE_SET), to + 3 * targetStride);
        }
    }
}
