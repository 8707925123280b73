package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.AttentionTile.KEYS;
import static org.nanochat4j.engine.cpu.kernels.AttentionTile.PANELS;
import static org.nanochat4j.engine.cpu.kernels.AttentionTile.QUERIES;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;
import static org.nanochat4j.engine.cpu.kernels.Panels.BYTES;
import static org.nanochat4j.engine.cpu.kernels.Panels.WIDTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The gradient of {@link Attention}, tiled; probabilities are recomputed from the saved log-sum-exp.
 *
 * <p>With P the probabilities, S the scaled scores and delta = sum(dOut out) of each query: dV = Pᵀ dOut, dP = dOut Vᵀ, dS = P (dP - delta),
 * dQ = scale dS K, dK = scale dSᵀ Q. One part of the job is one key head of one row with all its query heads, in a fixed order, so that keys gather
 * their sums without locks and with the same roundings whatever the number of threads. Of BF16 the keys and values of that head are widened once, queries tile by
 * tile, and gradients are rounded as they are written.
 */
public final class AttentionGrad implements Kernel {
    /** Bytes of a row of a score tile: keys down, queries across. */
    private static final long TILE_ROW = 4L * QUERIES;

    private final Parallel pool;
    private final Products products;
    /** One for each thread. */
    private final Scratch[] scratch;

    private final AttentionShape shape;
    private final NearRows rows;
    private final float scale;
    private final long q;
    private final long k;
    private final long v;
    private final long out;
    private final long lse;
    private final long dOut;
    private final long dq;
    private final long dk;
    private final long dv;
    private final Parallel.Task task = this::keyHead;

    /**
     * Binds the kernel.
     *
     * @param scratch address of {@link #scratchBytes} bytes, 64-byte aligned
     * @param scale factor of the scores, as in the forward pass
     * @param q address of (B, T, H, D)
     * @param k address of (B, T, Hkv, D)
     * @param v address of (B, T, Hkv, D)
     * @param out address of the forward pass's result (B, T, H, D)
     * @param lse address of the forward pass's log-sum-exps (B, H, T)
     * @param dOut address of the gradient of out
     * @param dq receives the gradient of q
     * @param dk receives the gradient of k
     * @param dv receives the gradient of v
     */
    public AttentionGrad(
            Parallel pool,
            long scratch,
            AttentionShape shape,
            float scale,
            long q,
            long k,
            long v,
            long out,
            long lse,
            long dOut,
            long dq,
            long dk,
            long dv) {
        this.pool = pool;
        this.products = pool.products();
        this.rows = shape.rows();
        this.scratch = new Scratch[pool.threads()];
        for (int worker = 0; worker < pool.threads(); worker++) {
            this.scratch[worker] = new Scratch(scratch + scratchBytes(shape, worker), shape, rows);
        }
        this.shape = shape;
        this.scale = scale;
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.lse = lse;
        this.dOut = dOut;
        this.dq = dq;
        this.dk = dk;
        this.dv = dv;
    }

    /** Bytes of scratch for a pool of {@code threads}. */
    public static long scratchBytes(AttentionShape shape, int threads) {
        return threads * new Scratch(0, shape, shape.rows()).end();
    }

    /** One thread's scratch: where its parts begin. */
    private record Scratch(long start, AttentionShape shape, NearRows rows) {
        /** Bytes of a tile of queries, transposed. */
        private long transposed() {
            return PANELS * BYTES * shape.headSize();
        }

        /** Queries in units of log2(e), transposed: panels of (D, WIDTH). */
        long queries() {
            return start;
        }

        /** dOut, transposed. */
        long gradients() {
            return queries() + transposed();
        }

        /** dQ, transposed. */
        long dQueries() {
            return gradients() + transposed();
        }

        /** Queries as they are: panels of (QUERIES, WIDTH) channels. */
        long queryRows() {
            return dQueries() + transposed();
        }

        /** dOut as it is. */
        long gradientRows() {
            return queryRows() + Panels.packedBytes(QUERIES, shape.headSize());
        }

        /** P, transposed: (KEYS, QUERIES). */
        long probabilities() {
            return gradientRows() + Panels.packedBytes(QUERIES, shape.headSize());
        }

        /** dS, transposed: (KEYS, QUERIES). */
        long dScores() {
            return probabilities() + KEYS * TILE_ROW;
        }

        /** Log-sum-exp of each query in units of log2(e). */
        long lse() {
            return dScores() + KEYS * TILE_ROW;
        }

        /** sum(dOut out) of each query. */
        long delta() {
            return lse() + TILE_ROW;
        }

        /** Ones: (WIDTH). */
        long ones() {
            return delta() + TILE_ROW;
        }

        /** dK of the whole row: panels of (T, WIDTH) channels. */
        long dKeys() {
            return ones() + BYTES;
        }

        /** dV of the whole row. */
        long dValues() {
            return dKeys() + Panels.packedBytes(shape.time(), shape.headSize());
        }

        /** The keys of the whole row, and their gradient, as F32 where they are stored otherwise. */
        long keyCopies() {
            return Memory.align(dValues() + Panels.packedBytes(shape.time(), shape.headSize()));
        }

        /** The values of the whole row, and their gradient. */
        long valueCopies() {
            return keyCopies() + rows.bytes(shape.time());
        }

        /** Queries of a tile, and their gradient. */
        long queryCopies() {
            return valueCopies() + rows.bytes(shape.time());
        }

        /** dOut of a tile. */
        long gradientCopies() {
            return queryCopies() + rows.bytes(QUERIES);
        }

        /** Outputs of a tile. */
        long outputCopies() {
            return gradientCopies() + rows.bytes(QUERIES);
        }

        long end() {
            return outputCopies() + rows.bytes(QUERIES);
        }
    }

    @Override
    public void run() {
        pool.run(shape.batch() * shape.kvHeads(), task);
    }

    private void keyHead(int index, int worker) {
        int b = index / shape.kvHeads();
        int kvHead = index % shape.kvHeads();
        int size = shape.headSize();
        Scratch s = scratch[worker];
        Memory.zero(s.dKeys(), s.keyCopies() - s.dKeys());
        AttentionTile.fill(s.ones(), 1f);
        long start = shape.key(b, 0, kvHead);
        long keys = rows.read(k + start, shape.keyStride(), shape.time(), s.keyCopies());
        long values = rows.read(v + start, shape.keyStride(), shape.time(), s.valueCopies());
        for (int head = kvHead * shape.group(); head < (kvHead + 1) * shape.group(); head++) {
            for (int first = 0; first < shape.time(); first += QUERIES) {
                int end = Math.min(first + QUERIES, shape.time());
                pack(s, b, head, first, end);
                for (int key = shape.firstKey(first) / KEYS * KEYS; key < end; key += KEYS) {
                    tile(s, keys, values, first, end, Math.max(key, shape.firstKey(first)), Math.min(key + KEYS, end));
                }
                for (int t = first; t < end; t += WIDTH) {
                    // The transposed dQ lacks the scale; its factors take the place of the statistics, which are used
                    // up.
                    AttentionTile.fill(s.lse(), scale);
                    int count = Math.min(WIDTH, end - t);
                    long target = dq + shape.query(b, t, head);
                    Panels.unpackTransposed(
                            s.dQueries() + (t - first) / WIDTH * BYTES * size,
                            BYTES,
                            count,
                            size,
                            s.lse(),
                            rows.at(target, s.queryCopies()),
                            rows.stride(shape.queryStride()));
                    rows.write(s.queryCopies(), count, target, shape.queryStride());
                }
            }
        }
        unpackRows(s.dKeys(), scale, dk + start, s.keyCopies());
        unpackRows(s.dValues(), 1f, dv + start, s.valueCopies());
    }

    /** Brings a tile of queries into the layouts its products need, with its statistics, and clears its dQ. */
    private void pack(Scratch s, int b, int head, int first, int end) {
        int size = shape.headSize();
        long offset = shape.query(b, first, head);
        long x = rows.read(q + offset, shape.queryStride(), end - first, s.queryCopies());
        long dy = rows.read(dOut + offset, shape.queryStride(), end - first, s.gradientCopies());
        long y = rows.read(out + offset, shape.queryStride(), end - first, s.outputCopies());
        long stride = rows.stride(shape.queryStride());
        Panels.packRows(x, stride, end - first, size, s.queryRows());
        Panels.packRows(dy, stride, end - first, size, s.gradientRows());
        for (int i = 0; i < end - first; i += WIDTH) {
            long panel = i / WIDTH * BYTES * size;
            int count = Math.min(WIDTH, end - first - i);
            Panels.packTransposed(x + i * stride, stride, count, size, scale * VectorMath.LOG2_E, s.queries() + panel);
            Panels.packTransposed(dy + i * stride, stride, count, size, 1f, s.gradients() + panel);
        }
        Memory.zero(s.dQueries(), PANELS * BYTES * size);
        Memory.zero(s.lse(), 2 * TILE_ROW);
        long saved = lse + 4 * (((long) b * shape.heads() + head) * shape.time() + first);
        for (int i = 0; i < end - first; i++) {
            putFloat(s.lse() + 4L * i, getFloat(saved + 4L * i) * VectorMath.LOG2_E);
            putFloat(s.delta() + 4L * i, dot(dy + i * stride, y + i * stride, size, s.probabilities()));
        }
    }

    /** The inner product of two rows; {@code lanes} is memory for one vector, summed in the order of its lanes. */
    private static float dot(long x, long y, int count, long lanes) {
        FloatVector sums = FloatVector.zero(F);
        for (int i = 0; i < count; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(i, count);
            sums = fromMemorySegment(F, ALL, x + 4L * i, LITTLE_ENDIAN, mask)
                    .fma(fromMemorySegment(F, ALL, y + 4L * i, LITTLE_ENDIAN, mask), sums);
        }
        sums.intoMemorySegment(ALL, lanes, LITTLE_ENDIAN);
        float sum = 0;
        for (int lane = 0; lane < LANES; lane++) {
            sum += getFloat(lanes + 4L * lane);
        }
        return sum;
    }

    /** The queries from {@code first} to {@code end} against the keys from {@code from} to {@code to}. */
    private void tile(Scratch s, long allKeys, long allValues, int first, int end, int from, int to) {
        int size = shape.headSize();
        long stride = rows.stride(shape.keyStride());
        long keys = allKeys + from * stride;
        long values = allValues + from * stride;
        for (int p = 0; first + p * WIDTH < end; p++) {
            int t = first + p * WIDTH;
            int last = Math.min(t + WIDTH, end) - 1;
            // The keys that some query of this panel sees; the others have no probability.
            int low = Math.min(to, Math.max(from, shape.firstKey(t)));
            int high = Math.max(low, Math.min(to, last + 1));
            long column = p * BYTES;
            long probabilities = s.probabilities() + column + (low - from) * TILE_ROW;
            long dScores = s.dScores() + column + (low - from) * TILE_ROW;
            AttentionTile.zero(s.probabilities() + column, TILE_ROW, low - from);
            AttentionTile.zero(s.dScores() + column, TILE_ROW, low - from);
            AttentionTile.zero(s.probabilities() + column + (high - from) * TILE_ROW, TILE_ROW, to - high);
            AttentionTile.zero(s.dScores() + column + (high - from) * TILE_ROW, TILE_ROW, to - high);
            if (low == high) {
                continue;
            }
            long offset = (low - from) * stride;
            long panel = p * BYTES * size;
            products.rows(high - low, keys + offset, stride, size, s.queries() + panel, probabilities, TILE_ROW, false);
            if (high - 1 > t || low < last - shape.window()) {
                AttentionTile.mask(probabilities, TILE_ROW, high - low, low - t, shape.window());
            }
            products.rows(high - low, values + offset, stride, size, s.gradients() + panel, dScores, TILE_ROW, false);
            AttentionTile.softmaxGrad(
                    probabilities, dScores, TILE_ROW, high - low, s.lse() + p * BYTES, s.delta() + p * BYTES);
            products.columns(
                    size, keys + offset, stride, high - low, dScores, TILE_ROW, s.dQueries() + panel, BYTES, s.ones());
        }
        for (int d = 0; d * WIDTH < size; d++) {
            long packed = d * ((end - first) * BYTES);
            long target = (long) d * shape.time() * BYTES + from * BYTES;
            products.rows(
                    to - from,
                    s.probabilities(),
                    TILE_ROW,
                    end - first,
                    s.gradientRows() + packed,
                    s.dValues() + target,
                    BYTES,
                    true);
            products.rows(
                    to - from,
                    s.dScores(),
                    TILE_ROW,
                    end - first,
                    s.queryRows() + packed,
                    s.dKeys() + target,
                    BYTES,
                    true);
        }
    }

    /** Writes panels of (T, WIDTH) channels, times a factor, as rows of the keys' layout. */
    private void unpackRows(long panels, float factor, long x, long copies) {
        int size = shape.headSize();
        long to = rows.at(x, copies);
        long stride = rows.stride(shape.keyStride());
        for (int j = 0; j < size; j += LANES) {
            VectorMask<Float> mask = F.indexInRange(j, size);
            long panel = panels + (long) (j / WIDTH) * shape.time() * BYTES + j % WIDTH * 4L;
            for (int t = 0; t < shape.time(); t++) {
                fromMemorySegment(F, ALL, panel + t * BYTES, LITTLE_ENDIAN)
                        .mul(factor)
                        .intoMemorySegment(ALL, to + t * stride + 4L * j, LITTLE_ENDIAN, mask);
            }
        }
        rows.write(copies, shape.time(), x, shape.keyStride());
    }
}
