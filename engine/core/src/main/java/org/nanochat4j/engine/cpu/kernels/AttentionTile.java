package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;

/**
 * What the forward and the backward pass of attention do to one tile of scores: keys down, queries across the lanes.
 *
 * <p>With queries across the lanes the statistics of the softmax are plain vector arithmetic, without sums across lanes.
 * Loops call nothing but the JDK's vectors, for the reason given at {@link VectorMath}.
 */
final class AttentionTile {
    /** Queries of a tile: whole panels, so 64 on every machine. */
    static final int QUERIES = 64;

    /** Keys of a tile. */
    static final int KEYS = 64;

    /** Panels of a tile of queries. */
    static final int PANELS = QUERIES / Panels.WIDTH;

    /** The running maximum before the first score: finite, so that no difference of infinities arises. */
    static final float LOWEST = -Float.MAX_VALUE;

    private static final long VECTOR_BYTES = 4L * LANES;
    private static final FloatVector LANE = FloatVector.zero(F).addIndex(1);

    private AttentionTile() {}

    /**
     * Sets the scores that causality or the window hides to minus infinity.
     *
     * @param scores address of (keys, WIDTH), rows {@code ld} bytes apart
     * @param ahead position of the first key minus position of the query in lane 0
     */
    static void mask(long scores, long ld, int keys, int ahead, int window) {
        for (int i = 0; i < keys; i++) {
            long row = scores + i * ld;
            for (int lane = 0; lane < Panels.WIDTH; lane += LANES) {
                // Visible: query position - window <= key position <= query position, relative to lane 0 of this
                // vector.
                float key = ahead + i - lane;
                FloatVector s = fromMemorySegment(F, ALL, row + 4L * lane, LITTLE_ENDIAN);
                s = s.blend(
                        Float.NEGATIVE_INFINITY,
                        LANE.compare(GE, key)
                                .and(LANE.compare(LE, key + window))
                                .not());
                s.intoMemorySegment(ALL, row + 4L * lane, LITTLE_ENDIAN);
            }
        }
    }

    /**
     * One step of the online softmax (Milakov and Gimelshein 2018): scores become exp2(score - maximum); the statistics are updated.
     *
     * @param scores address of (keys, WIDTH) in units of log2(e)
     * @param maximum address of the running maxima (WIDTH)
     * @param sum address of the running sums (WIDTH)
     * @param factor receives exp2(old maximum - new maximum): what earlier results must be multiplied by (WIDTH)
     */
    static void softmax(long scores, int keys, long maximum, long sum, long factor) {
        for (long lane = 0; lane < Panels.BYTES; lane += VECTOR_BYTES) {
            raiseMaximum(scores + lane, keys, maximum + lane, factor + lane);
            VectorMath.exp2Rows(factor + lane, factor + lane, VECTOR_BYTES, 1, maximum + lane);
            VectorMath.exp2Rows(scores + lane, scores + lane, Panels.BYTES, keys, maximum + lane);
            addRows(scores + lane, keys, sum + lane, factor + lane);
        }
    }

    /** Raises the maxima to those of the scores; the factor receives the old ones. */
    private static void raiseMaximum(long scores, int keys, long maximum, long factor) {
        FloatVector max = fromMemorySegment(F, ALL, maximum, LITTLE_ENDIAN);
        max.intoMemorySegment(ALL, factor, LITTLE_ENDIAN);
        for (int i = 0; i < keys; i++) {
            FloatVector s = fromMemorySegment(F, ALL, scores + i * Panels.BYTES, LITTLE_ENDIAN);
            // Not max(): that would carry a NaN into the maximum by a slower instruction sequence; here NaN surfaces in
            // exp2.
            max = max.blend(s, s.compare(GT, max));
        }
        max.intoMemorySegment(ALL, maximum, LITTLE_ENDIAN);
    }

    /** sum = factor sum + the probabilities of all keys. */
    private static void addRows(long probabilities, int keys, long sum, long factor) {
        FloatVector total =
                fromMemorySegment(F, ALL, sum, LITTLE_ENDIAN).mul(fromMemorySegment(F, ALL, factor, LITTLE_ENDIAN));
        for (int i = 0; i < keys; i++) {
            total = total.add(fromMemorySegment(F, ALL, probabilities + i * Panels.BYTES, LITTLE_ENDIAN));
        }
        total.intoMemorySegment(ALL, sum, LITTLE_ENDIAN);
    }

    /**
     * The softmax backwards: scores become probabilities P = exp2(score - lse), gradients of P become those of the scores, P (dP - delta).
     *
     * @param scores address of (keys, WIDTH) in units of log2(e), rows {@code ld} bytes apart
     * @param gradients address of dP, laid out like the scores
     * @param lse address of the log-sum-exp of each query, in the same unit (WIDTH)
     * @param delta address of sum(dOut out) of each query (WIDTH)
     */
    static void softmaxGrad(long scores, long gradients, long ld, int keys, long lse, long delta) {
        for (long lane = 0; lane < Panels.BYTES; lane += VECTOR_BYTES) {
            VectorMath.exp2Rows(scores + lane, scores + lane, ld, keys, lse + lane);
            scoreGradients(scores + lane, gradients + lane, ld, keys, delta + lane);
        }
    }

    private static void scoreGradients(long probabilities, long gradients, long ld, int keys, long delta) {
        FloatVector d = fromMemorySegment(F, ALL, delta, LITTLE_ENDIAN);
        for (int i = 0; i < keys; i++) {
            FloatVector p = fromMemorySegment(F, ALL, probabilities + i * ld, LITTLE_ENDIAN);
            FloatVector g = fromMemorySegment(F, ALL, gradients + i * ld, LITTLE_ENDIAN);
            g.sub(d).mul(p).intoMemorySegment(ALL, gradients + i * ld, LITTLE_ENDIAN);
        }
    }

    /** Sets one vector per lane group of {@code keys} rows of a panel to zero. */
    static void zero(long rows, long ld, int keys) {
        FloatVector zero = FloatVector.zero(F);
        for (int i = 0; i < keys; i++) {
            zero.intoMemorySegment(ALL, rows + i * ld, LITTLE_ENDIAN);
            zero.intoMemorySegment(ALL, rows + i * ld + VECTOR_BYTES, LITTLE_ENDIAN);
        }
    }

    /** Sets a panel row (WIDTH) to one value. */
    static void fill(long row, float value) {
        FloatVector v = FloatVector.broadcast(F, value);
        v.intoMemorySegment(ALL, row, LITTLE_ENDIAN);
        v.intoMemorySegment(ALL, row + VECTOR_BYTES, LITTLE_ENDIAN);
    }
}
