package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.AttentionTile.KEYS;
import static org.nanochat4j.engine.cpu.kernels.AttentionTile.PANELS;
import static org.nanochat4j.engine.cpu.kernels.AttentionTile.QUERIES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;
import static org.nanochat4j.engine.cpu.kernels.Panels.BYTES;
import static org.nanochat4j.engine.cpu.kernels.Panels.WIDTH;

/**
 * Causal attention with a sliding window and grouped key heads, tiled: no matrix of time x time exists.
 *
 * <p>One part of the job is a tile of 64 queries of one head; it walks over the tiles of keys that causality and the window leave, with the online
 * softmax of FlashAttention (Dao et al. 2022). Scores are held transposed, keys down and queries across the lanes: then keys and values are read as
 * they lie, element by element, and only the queries are transposed, once per tile. Scores are kept in units of log2(e). Of BF16 a tile of keys and values is
 * widened once for all panels of queries, and outputs are rounded as they are written.
 */
public final class Attention implements Kernel {
    private static final int MAXIMUM = 0;
    private static final int SUM = 1;
    private static final int FACTOR = 2;

    private final Parallel pool;
    private final Products products;
    private final long scratch;
    private final AttentionShape shape;
    private final NearRows rows;
    private final float scale;
    private final long q;
    private final long k;
    private final long v;
    private final long out;
    private final long lse;
    private final int tiles;
    private final Parallel.Task task = this::attend;

    /**
     * Binds the kernel.
     *
     * @param scratch address of {@link #scratchBytes} bytes, 64-byte aligned
     * @param scale factor of the scores, usually 1 / sqrt(headSize)
     * @param q address of (B, T, H, D)
     * @param k address of (B, T, Hkv, D)
     * @param v address of (B, T, Hkv, D)
     * @param out address of (B, T, H, D)
     * @param lse address of (B, H, T), the logarithm of the sum of the exponentials of the scaled scores, which the backward pass needs; 0: not stored
     */
    public Attention(
            Parallel pool,
            long scratch,
            AttentionShape shape,
            float scale,
            long q,
            long k,
            long v,
            long out,
            long lse) {
        this.pool = pool;
        this.products = pool.products();
        this.scratch = scratch;
        this.shape = shape;
        this.rows = shape.rows();
        this.scale = scale;
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.lse = lse;
        this.tiles = (shape.time() + QUERIES - 1) / QUERIES;
    }

    /** Bytes of scratch for a pool of {@code threads}. */
    public static long scratchBytes(AttentionShape shape, int threads) {
        return threads * workerBytes(shape);
    }

    /** Queries and outputs of the tile, transposed; a tile of scores; three statistics of each query; copies of keys and values. */
    private static long workerBytes(AttentionShape shape) {
        return BYTES * (2L * PANELS * shape.headSize() + KEYS + 3L * PANELS)
                + 2 * shape.rows().bytes(KEYS);
    }

    @Override
    public void run() {
        pool.run(tiles * shape.batch() * shape.heads(), task);
    }

    private void attend(int index, int worker) {
        // The last tiles of a row see the most keys: they come first.
        int first = (tiles - 1 - index % tiles) * QUERIES;
        int head = index / tiles % shape.heads();
        int b = index / tiles / shape.heads();
        int end = Math.min(first + QUERIES, shape.time());
        int size = shape.headSize();
        long queries = scratch + worker * workerBytes(shape);
        long outputs = queries + PANELS * BYTES * size;
        long scores = outputs + PANELS * BYTES * size;
        long statistics = scores + KEYS * BYTES;
        long keyCopies = statistics + 3L * PANELS * BYTES;
        long valueCopies = keyCopies + rows.bytes(KEYS);
        for (int p = 0; first + p * WIDTH < end; p++) {
            int t = first + p * WIDTH;
            int count = Math.min(WIDTH, end - t);
            Panels.packTransposed(
                    rows.read(q + shape.query(b, t, head), shape.queryStride(), count, keyCopies),
                    rows.stride(shape.queryStride()),
                    count,
                    size,
                    scale * VectorMath.LOG2_E,
                    queries + p * BYTES * size);
            AttentionTile.fill(statistic(statistics, p, MAXIMUM), AttentionTile.LOWEST);
            AttentionTile.fill(statistic(statistics, p, SUM), 0f);
            Memory.zero(outputs + p * BYTES * size, size * BYTES);
        }
        int kvHead = head / shape.group();
        for (int key = shape.firstKey(first) / KEYS * KEYS; key < end; key += KEYS) {
            int from = Math.max(key, shape.firstKey(first));
            int to = Math.min(key + KEYS, end);
            long offset = shape.key(b, from, kvHead);
            long keys = rows.read(k + offset, shape.keyStride(), to - from, keyCopies);
            long values = rows.read(v + offset, shape.keyStride(), to - from, valueCopies);
            for (int p = 0; first + p * WIDTH < end; p++) {
                attendTile(
                        first + p * WIDTH,
                        end,
                        from,
                        to,
                        keys,
                        values,
                        queries + p * BYTES * size,
                        outputs + p * BYTES * size,
                        scores,
                        statistics + 3L * p * BYTES);
            }
        }
        for (int p = 0; first + p * WIDTH < end; p++) {
            finish(b, head, first + p * WIDTH, end, outputs + p * BYTES * size, statistics + 3L * p * BYTES, keyCopies);
        }
    }

    private static long statistic(long statistics, int panel, int which) {
        return statistics + (3L * panel + which) * BYTES;
    }

    /** One panel of queries, from {@code first}, against those keys of the tile from {@code from} to {@code to} that it sees. */
    private void attendTile(
            int first,
            int end,
            int from,
            int to,
            long keys,
            long values,
            long queries,
            long outputs,
            long scores,
            long statistics) {
        int last = Math.min(first + WIDTH, end) - 1;
        int low = Math.max(from, shape.firstKey(first));
        int high = Math.min(to, last + 1);
        if (low >= high) {
            return;
        }
        long stride = rows.stride(shape.keyStride());
        long offset = (low - from) * stride;
        products.rows(high - low, keys + offset, stride, shape.headSize(), queries, scores, BYTES, false);
        if (high - 1 > first || low < last - shape.window()) {
            AttentionTile.mask(scores, BYTES, high - low, low - first, shape.window());
        }
        long factor = statistic(statistics, 0, FACTOR);
        AttentionTile.softmax(
                scores, high - low, statistic(statistics, 0, MAXIMUM), statistic(statistics, 0, SUM), factor);
        products.columns(shape.headSize(), values + offset, stride, high - low, scores, BYTES, outputs, BYTES, factor);
    }

    /** Divides by the sums and writes the panel's outputs and log-sum-exps. */
    private void finish(int b, int head, int first, int end, long outputs, long statistics, long copies) {
        int count = Math.min(WIDTH, end - first);
        for (int i = 0; i < count; i++) {
            float sum = getFloat(statistic(statistics, 0, SUM) + 4L * i);
            float maximum = getFloat(statistic(statistics, 0, MAXIMUM) + 4L * i);
            putFloat(statistic(statistics, 0, FACTOR) + 4L * i, 1f / sum);
            if (lse != 0) {
                long at = ((long) b * shape.heads() + head) * shape.time() + first + i;
                putFloat(lse + 4 * at, (float) (maximum * Math.log(2) + Math.log(sum)));
            }
        }
        long target = out + shape.query(b, first, head);
        Panels.unpackTransposed(
                outputs,
                BYTES,
                count,
                shape.headSize(),
                statistic(statistics, 0, FACTOR),
                rows.at(target, copies),
                rows.stride(shape.queryStride()));
        rows.write(copies, count, target, shape.queryStride());
    }
}
