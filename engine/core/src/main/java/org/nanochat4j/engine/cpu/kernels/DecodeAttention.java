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
 * the work grows with the position, not with the size of the cache. One part of the job is a block of 256 positions of one row with all its heads, so
 * that the cache, which is what takes the time, is read in the order of its addresses; the blocks' partial softmaxes are then combined in order.
 * Channels lie across the lanes, and inner products are summed lane by lane in a fixed order.
 */
public final class DecodeAttention implements Kernel {
    /** Positions of a block. */
    private static final int BLOCK = 256;

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
    private final int blocks;
    private final Parallel.Task attend = this::attend;
    private final Parallel.Task combine = this::combine;

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
        this.blocks = blocks(shape);
    }

    /** Bytes of scratch for a pool of {@code threads}. */
    public static long scratchBytes(AttentionShape shape, int threads) {
        return (long) shape.batch() * blocks(shape) * partialBytes(shape) + threads * workerBytes(shape);
    }

    private static int blocks(AttentionShape shape) {
        return (shape.time() + BLOCK - 1) / BLOCK;
    }

    /** What a block leaves behind: outputs (H, D), not yet divided, maxima (H) and sums (H). */
    private static long partialBytes(AttentionShape shape) {
        return Memory.align(4L * shape.heads() * (shape.headSize() + 2));
    }

    /** One vector, and the scores of each head (or a number for each block), padded to whole vectors. */
    private static long workerBytes(AttentionShape shape) {
        return Memory.align(VECTOR_BYTES) + shape.heads() * scoreBytes(shape);
    }

    private static long scoreBytes(AttentionShape shape) {
        return Memory.align(4L * (Math.max(BLOCK, blocks(shape)) + LANES));
    }

    private long partial(int b, int block) {
        return scratch + ((long) b * blocks + block) * partialBytes(shape);
    }

    private long maximum(int b, int block, int head) {
        return partial(b, block) + 4L * (shape.heads() * shape.headSize() + head);
    }

    private long sum(int b, int block, int head) {
        return maximum(b, block, head) + 4L * shape.heads();
    }

    /** One vector, in front of the worker's scores. */
    private long row(int worker) {
        return partial(shape.batch(), 0) + worker * workerBytes(shape);
    }

    private long scores(int worker) {
        return row(worker) + Memory.align(VECTOR_BYTES);
    }

    @Override
    public void run() {
        for (int b = 0; b < shape.batch(); b++) {
            int position = position(b);
            if (position < 0 || position >= shape.time()) {
                throw new EngineException.BadData("CachedAttention: row " + b + " is at position " + position
                        + ", outside the cache of " + shape.time()
                        + " positions\n  remedy: stop before the cache is full, or make it longer");
            }
        }
        pool.run(shape.batch() * blocks, attend);
        pool.run(shape.batch(), combine);
    }

    /** Byte offset of (b, 0, head, 0) in q and out, which hold one position per row. */
    private long query(int b, int head) {
        return 4L * ((long) b * shape.heads() + head) * shape.headSize();
    }

    private int position(int b) {
        return Memory.getInt(positions + 4L * b);
    }

    private void attend(int index, int worker) {
        int b = index / blocks;
        int block = index % blocks;
        int first = Math.max(shape.firstKey(position(b)), block * BLOCK);
        int count = Math.min(position(b) + 1, (block + 1) * BLOCK) - first;
        if (count <= 0) {
            return;
        }
        long stride = scoreBytes(shape);
        long offset = shape.key(b, first, 0);
        score(q + query(b, 0), keys + offset, count, scores(worker), row(worker));
        for (int head = 0; head < shape.heads(); head++) {
            float maximum = softmax(scores(worker) + head * stride, count, row(worker));
            putFloat(maximum(b, block, head), maximum);
            putFloat(sum(b, block, head), sumLanes(row(worker)));
        }
        Memory.zero(partial(b, block), 4L * shape.heads() * shape.headSize());
        for (int k = 0; k < count; k++) {
            mix(scores(worker) + 4L * k, values + offset + k * shape.keyStride(), partial(b, block));
        }
    }

    /** The scores of {@code count} keys for every head, in units of log2(e); {@code lanes} is memory for one vector. */
    private void score(long query, long key, int count, long scores, long lanes) {
        for (int k = 0; k < count; k++) {
            for (int head = 0; head < shape.heads(); head++) {
                long channels = key + k * shape.keyStride() + 4L * (head / shape.group()) * shape.headSize();
                dot(query + 4L * head * shape.headSize(), channels, lanes);
                putFloat(scores + head * scoreBytes(shape) + 4L * k, scale * VectorMath.LOG2_E * sumLanes(lanes));
            }
        }
    }

    /** The products of a query and a key, one sum for each lane. */
    private void dot(long query, long key, long lanes) {
        int size = shape.headSize();
        FloatVector sums = FloatVector.zero(F);
        int i = 0;
        for (; i <= size - LANES; i += LANES) {
            sums = fromMemorySegment(F, ALL, query + 4L * i, LITTLE_ENDIAN)
                    .fma(fromMemorySegment(F, ALL, key + 4L * i, LITTLE_ENDIAN), sums);
        }
        if (i < size) {
            VectorMask<Float> mask = F.indexInRange(i, size);
            sums = fromMemorySegment(F, ALL, query + 4L * i, LITTLE_ENDIAN, mask)
                    .fma(fromMemorySegment(F, ALL, key + 4L * i, LITTLE_ENDIAN, mask), sums);
        }
        sums.intoMemorySegment(ALL, lanes, LITTLE_ENDIAN);
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

    /** Scores become exp2(score - maximum), their sums by lane go to {@code row}; returns the maximum. */
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
        return maximum;
    }

    /** Adds the value of one position, times its probability, to the outputs of every head. */
    private void mix(long probability, long value, long outputs) {
        int size = shape.headSize();
        for (int head = 0; head < shape.heads(); head++) {
            FloatVector p = broadcast(F, ALL.get(FLOAT, probability + head * scoreBytes(shape)));
            long from = value + 4L * (head / shape.group()) * size;
            long to = outputs + 4L * head * size;
            int i = 0;
            for (; i <= size - LANES; i += LANES) {
                p.fma(
                                fromMemorySegment(F, ALL, from + 4L * i, LITTLE_ENDIAN),
                                fromMemorySegment(F, ALL, to + 4L * i, LITTLE_ENDIAN))
                        .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
            }
            if (i < size) {
                VectorMask<Float> mask = F.indexInRange(i, size);
                p.fma(
                                fromMemorySegment(F, ALL, from + 4L * i, LITTLE_ENDIAN, mask),
                                fromMemorySegment(F, ALL, to + 4L * i, LITTLE_ENDIAN, mask))
                        .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, mask);
            }
        }
    }

    /** The outputs of a row from those of its blocks. */
    private void combine(int b, int worker) {
        int first = shape.firstKey(position(b)) / BLOCK;
        int end = position(b) / BLOCK + 1;
        long factors = scores(worker);
        for (int head = 0; head < shape.heads(); head++) {
            for (int block = first; block < end; block++) {
                putFloat(factors + 4L * (block - first), getFloat(maximum(b, block, head)));
            }
            softmax(factors, end - first, row(worker));
            float sum = 0;
            for (int block = first; block < end; block++) {
                sum = Math.fma(getFloat(factors + 4L * (block - first)), getFloat(sum(b, block, head)), sum);
            }
            long offset = 4L * head * shape.headSize();
            for (int i = 0; i < shape.headSize(); i++) {
                float total = 0;
                for (int block = first; block < end; block++) {
                    float part = getFloat(partial(b, block) + offset + 4L * i);
                    total = Math.fma(getFloat(factors + 4L * (block - first)), part, total);
                }
                putFloat(out + query(b, head) + 4L * i, total / sum);
            }
        }
    }
}
