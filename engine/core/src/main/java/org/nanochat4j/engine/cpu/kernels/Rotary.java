package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getInt;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;

/** Rotary position embedding of (B, T, H, D) in F32 or BF16: one part rotates all heads of some tokens. */
public final class Rotary extends RowKernel {
    private final int batch;
    private final int time;
    private final int heads;
    private final int half;
    private final int positions;
    private final float sign;
    private final DType stored;
    private final NearRows tokens;
    private final long scratch;
    private final long x;
    private final long cos;
    private final long sin;
    private final long start;
    private final long y;

    /**
     * Binds the kernel.
     *
     * @param scratch 64-byte aligned, {@link #scratchBytes} long
     * @param headSize D, even
     * @param positions rows of the tables
     * @param inverse whether to rotate back
     * @param stored type of x and of the result, F32 or BF16
     * @param x address of (B, T, H, D)
     * @param cos address of (positions, D/2)
     * @param sin address of (positions, D/2)
     * @param start address of B positions
     * @param y address of the result; may be x
     */
    public Rotary(
            Parallel pool,
            long scratch,
            int batch,
            int time,
            int heads,
            int headSize,
            int positions,
            boolean inverse,
            DType stored,
            long x,
            long cos,
            long sin,
            long start,
            long y) {
        super(pool, (long) batch * time, (long) heads * headSize);
        this.batch = batch;
        this.time = time;
        this.heads = heads;
        this.half = headSize / 2;
        this.positions = positions;
        this.sign = inverse ? -1f : 1f;
        this.stored = stored;
        this.tokens = new NearRows(stored, heads * headSize);
        this.scratch = scratch;
        this.x = x;
        this.cos = cos;
        this.sin = sin;
        this.start = start;
        this.y = y;
    }

    /** Bytes of scratch for a pool of {@code threads}: tokens as F32 where they are not. */
    public static long scratchBytes(DType stored, int heads, int headSize, int threads) {
        return threads * new NearRows(stored, heads * headSize).bytes(block((long) heads * headSize));
    }

    @Override
    void check() {
        for (int b = 0; b < batch; b++) {
            int first = getInt(start + 4L * b);
            if (first < 0 || first + time > positions) {
                throw new EngineException.BadData("positions " + first + " to " + (first + time - 1) + " of row " + b
                        + " are outside the rotary tables of " + positions
                        + " positions\n  remedy: keep to the context length, or make longer tables");
            }
        }
    }

    @Override
    void rows(long from, long to, int worker) {
        if (stored == DType.F32) {
            super.rows(from, to, worker);
            return;
        }
        long copies = scratch + worker * tokens.bytes(block(tokens.columns()));
        long stride = 2L * tokens.columns();
        tokens.read(x + from * stride, stride, (int) (to - from), copies);
        for (long token = from; token < to; token++) {
            long at = copies + (token - from) * tokens.stride(stride);
            rotate(token, at, at);
        }
        tokens.write(copies, (int) (to - from), y + from * stride, stride);
    }

    @Override
    void row(long token) {
        long offset = 4 * token * tokens.columns();
        rotate(token, x + offset, y + offset);
    }

    /** All heads of a token, in F32. */
    private void rotate(long token, long from, long to) {
        long position = getInt(start + 4 * (token / time)) + token % time;
        long c = cos + 4 * position * half;
        long s = sin + 4 * position * half;
        for (int head = 0; head < heads; head++) {
            rotate(from + 8L * head * half, to + 8L * head * half, c, s);
        }
    }

    private void rotate(long from, long to, long c, long s) {
        long second = 4L * half;
        int i = 0;
        for (; i + LANES <= half; i += LANES) {
            long at = 4L * i;
            FloatVector x1 = fromMemorySegment(F, ALL, from + at, LITTLE_ENDIAN);
            FloatVector x2 = fromMemorySegment(F, ALL, from + second + at, LITTLE_ENDIAN);
            FloatVector cosine = fromMemorySegment(F, ALL, c + at, LITTLE_ENDIAN);
            FloatVector sine = fromMemorySegment(F, ALL, s + at, LITTLE_ENDIAN).mul(sign);
            x1.mul(cosine).add(x2.mul(sine)).intoMemorySegment(ALL, to + at, LITTLE_ENDIAN);
            x2.mul(cosine).sub(x1.mul(sine)).intoMemorySegment(ALL, to + second + at, LITTLE_ENDIAN);
        }
        if (i < half) {
            VectorMask<Float> mask = F.indexInRange(i, half);
            long at = 4L * i;
            FloatVector x1 = fromMemorySegment(F, ALL, from + at, LITTLE_ENDIAN, mask);
            FloatVector x2 = fromMemorySegment(F, ALL, from + second + at, LITTLE_ENDIAN, mask);
            FloatVector cosine = fromMemorySegment(F, ALL, c + at, LITTLE_ENDIAN, mask);
            FloatVector sine =
                    fromMemorySegment(F, ALL, s + at, LITTLE_ENDIAN, mask).mul(sign);
            x1.mul(cosine).add(x2.mul(sine)).intoMemorySegment(ALL, to + at, LITTLE_ENDIAN, mask);
            x2.mul(cosine).sub(x1.mul(sine)).intoMemorySegment(ALL, to + second + at, LITTLE_ENDIAN, mask);
        }
    }
}
