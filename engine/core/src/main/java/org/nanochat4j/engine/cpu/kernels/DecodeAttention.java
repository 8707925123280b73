package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.nanochat4j.engine.EngineException;

/**
 * Attention of one new token per row over a cache of keys and values, for decoding.
 *
 * <p>The token of row b stands at position p = positions[b], its own key and value are in the cache already, and it sees the keys max(0, p - window) to p:
 * the work grows with the position, not with the size of the cache. One part of the job is one head of one row. The work is reading the cache, so
 * channels lie across the lanes and the inner products are summed lane by lane in a fixed order.
 */
public final class DecodeAttention implements Kernel {
    private static final long VECTOR_BYTES = 4L * LANES;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final Parallel pool;
    private final long scratch;
    private final AttentionShape shape;
    private final float scale;
    private final long q;
    private final long keys;
    private final long values;
    private final long positions;
    private final long out;
    private final Parallel.Task task = this::head;

    /**
     * Binds the kernel.
     *
     * @param scratch address of {@link #scratchBytes} bytes, 64-byte aligned
     * @param shape of the cache: (B, maxT, Hkv, D); the time is the cache's length
     * @param scale factor of the scores, usually 1 / sqrt(headSize)
     * @param q address of (B, 1, H, D)
     * @param keys address of the cached keys (B, maxT, Hkv, D)
     * @param values address of the cached values (B, maxT, Hkv, D)
     * @param positions address of I32 (B): position of the new token of each row, 0 to maxT - 1
     * @param out address of (B, 1, H, D)
     */
    public DecodeAttention(
            Parallel pool,
            long scratch,
            AttentionShape shape,
            float scale,
            long q,
            long keys,
            long values,
            long positions,
            long out) {
        this.pool = pool;
        this.scratch = scratch;
        this.shape = shape;
        this.scale = scale;
        this.q = q;
        this.keys = keys;
        this.values = values;
        this.positions = positions;
        this.out = out;
    }

    /** Bytes of scratch for a pool of {@code threads}. */
    public static long scratchBytes(AttentionShape shape, int threads) {
        return threads * workerBytes(shape);
    }

    /** The scores of one head, padded to whole vectors, and one vector. */
    private static long workerBytes(AttentionShape shape) {
        return Memory.align(4L * (Math.min(shape.window() + 1, shape.time()) + LANES)) + Memory.align(VECTOR_BYTES);
    }

    @Override
    public void run() {
        pool.run(shape.batch() * shape.heads(), task);
    }

    private void head(int index, int worker) {
        int b = index / shape.heads();
        int head = index % shape.heads();
        int position = Memory.getInt(positions + 4L * b);
        if (position < 0 || position >= shape.time()) {
            throw new EngineException.BadData(
                    "CachedAttention: row " + b + " is at position " + position + ", outside the cache of "
                            + shape.time() + " positions\n  remedy: stop before the cache is full, or make it longer");
        }
        int first = shape.firstKey(position);
        int count = position + 1 - first;
        long row = scratch + worker * workerBytes(shape);
        long scores = row + Memory.align(VECTOR_BYTES);
        long offset = shape.key(b, first, head / shape.group());
        long query = 4L * ((long) b * shape.heads() + head) * shape.headSize();
        score(q + query, keys + offset, count, scores, row);
        float sum = softmax(scores, count, row);
        mix(scores, values + offset, count, 1f / sum, out + query);
    }

    /** The scores of {@code count} keys in units of log2(e); {@code lanes} is memory for one vector. */
    private void score(long query, long key, int count, long scores, long lanes) {
        int size = shape.headSize();
        long stride = shape.keyStride();
        float unit = scale * VectorMath.LOG2_E;
        for (int k = 0; k < count; k++) {
            FloatVector sums = FloatVector.zero(F);
            int i = 0;
            for (; i <= size - LANES; i += LANES) {
                sums = fromMemorySegment(F, ALL, query + 4L * i, LITTLE_ENDIAN)
                        .fma(fromMemorySegment(F, ALL, key + k * stride + 4L * i, LITTLE_ENDIAN), sums);
            }
            if (i < size) {
                VectorMask<Float> mask = F.indexInRange(i, size);
                sums = fromMemorySegment(F, ALL, query + 4L * i, LITTLE_ENDIAN, mask)
                        .fma(fromMemorySegment(F, ALL, key + k * stride + 4L * i, LITTLE_ENDIAN, mask), sums);
            }
            sums.intoMemorySegment(ALL, lanes, LITTLE_ENDIAN);
            putFloat(scores + 4L * k, unit * sumLanes(lanes));
        }
    }

    /** The sum of one vector in memory: four chains, so that the additions overlap. */
    private static float sumLanes(long lanes) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        for (long i = 0; i < VECTOR_BYTES; i += 16) {
            a += getFloat(lanes + i);
            b += getFloat(lanes + i + 4);
            c += getFloat(lanes + i + 8);
            d += getFloat(lanes + i + 12);
        }
        return (a + b) + (c + d);
    }

    /** Scores become exp2(score - maximum); returns their sum. */
    private static float softmax(long scores, int count, long row) {
        float maximum = AttentionTile.LOWEST;
        for (int k = 0; k < count; k++) {
            maximum = Math.max(maximum, getFloat(scores + 4L * k));
        }
        for (int k = count; k < count + LANES; k++) {
            putFloat(scores + 4L * k, Float.NEGATIVE_INFINITY);
        }
        broadcast(F, maximum).intoMemorySegment(ALL, row, LITTLE_ENDIAN);
        int vectors = (count + LANES - 1) / LANES;
        VectorMath.exp2Rows(scores, scores, VECTOR_BYTES, vectors, row);
        FloatVector sums = FloatVector.zero(F);
        for (int i = 0; i < vectors; i++) {
            sums = sums.add(fromMemorySegment(F, ALL, scores + i * VECTOR_BYTES, LITTLE_ENDIAN));
        }
        sums.intoMemorySegment(ALL, row, LITTLE_ENDIAN);
        return sumLanes(row);
    }

    /** out = factor sum of probability times value: four vectors of channels at a time, then the rest one by one. */
    private void mix(long probabilities, long value, int count, float factor, long target) {
        int size = shape.headSize();
        int i = 0;
        for (; i <= size - 4 * LANES; i += 4 * LANES) {
            mixFour(probabilities, value + 4L * i, count, factor, target + 4L * i);
        }
        for (; i < size; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(i, size);
            FloatVector sum = FloatVector.zero(F);
            for (int k = 0; k < count; k++) {
                sum = broadcast(F, ALL.get(FLOAT, probabilities + 4L * k))
                        .fma(
                                fromMemorySegment(F, ALL, value + k * shape.keyStride() + 4L * i, LITTLE_ENDIAN, mask),
                                sum);
            }
            sum.mul(factor).intoMemorySegment(ALL, target + 4L * i, LITTLE_ENDIAN, mask);
        }
    }

    private void mixFour(long probabilities, long value, int count, float factor, long target) {
        long stride = shape.keyStride();
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        for (int k = 0; k < count; k++) {
            FloatVector p = broadcast(F, ALL.get(FLOAT, probabilities + 4L * k));
            long from = value + k * stride;
            sum0 = p.fma(fromMemorySegment(F, ALL, from, LITTLE_ENDIAN), sum0);
            sum1 = p.fma(fromMemorySegment(F, ALL, from + VECTOR_BYTES, LITTLE_ENDIAN), sum1);
            sum2 = p.fma(fromMemorySegment(F, ALL, from + 2 * VECTOR_BYTES, LITTLE_ENDIAN), sum2);
            sum3 = p.fma(fromMemorySegment(F, ALL, from + 3 * VECTOR_BYTES, LITTLE_ENDIAN), sum3);
        }
        sum0.mul(factor).intoMemorySegment(ALL, target, LITTLE_ENDIAN);
        sum1.mul(factor).intoMemorySegment(ALL, target + VECTOR_BYTES, LITTLE_ENDIAN);
        sum2.mul(factor).intoMemorySegment(ALL, target + 2 * VECTOR_BYTES, LITTLE_ENDIAN);
        sum3.mul(factor).intoMemorySegment(ALL, target + 3 * VECTOR_BYTES, LITTLE_ENDIAN);
    }
}
