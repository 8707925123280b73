package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.getInt;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;
import static org.nanochat4j.engine.cpu.kernels.Panels.BYTES;
import static org.nanochat4j.engine.cpu.kernels.Panels.WIDTH;

import org.nanochat4j.engine.EngineException;

/**
 * Cross entropy of softcapped logits z = cap tanh(x wᵀ / cap), fused with the vocabulary projection and with both gradients of the mean loss.
 *
 * <p>Rows of x are taken in chunks; the logits of one chunk are all that is ever held, transposed: vocabulary down, rows across the lanes. Then w and
 * dw are read and written as they lie, and the softmax needs no sums across lanes. A part of the job is a range of the vocabulary. While a tile of 64
 * logits per row is in the second-level cache, it is capped, exponentiated, summed, and replaced by U = e^z dz/dlogit. The gradient of a logit is
 * (U / sum - [target] dz/dlogit) / count, and so the rest are plain products with U: dx = diag(1 / (sum count)) U w and dw = Uᵀ diag(1 / (sum count)) x.
 * Each exponential and each tanh is computed once.
 *
 * <p>A cap bounds z, so e^z needs no maximum subtracted. Without a cap, or with one so high that e^z might overflow, the maximum of each row is found
 * first, in a pass of its own.
 */
public final class VocabularyLoss implements Kernel {
    /** Most rows of a chunk: an odd number of panels, so that the rows of a tile fall on different sets of the cache. */
    private static final int CHUNK = 288;

    /** Vocabulary rows of a tile. */
    private static final int TILE = 64;

    /** Parts of the vocabulary: at least as many as threads that can help, but each has its own partial sum of dx. */
    private static final int RANGES = 16;

    /** Bound of |z| log2(e) below which sums of 2^z neither overflow nor vanish. */
    static final float SAFE_EXPONENT = 80;

    private final Parallel pool;
    private final Products products;
    private final int rows;
    private final int width;
    private final int vocabulary;
    private final int paddedVocabulary;
    private final float cap;
    private final long x;
    private final long w;
    private final long targets;
    private final long mean;
    private final long losses;
    private final long dx;
    private final long dw;
    private final boolean needsMaximum;
    private final boolean differentiated;
    private final Layout at;

    private final Parallel.Task pack = this::pack;
    private final Parallel.Task project = this::project;
    private final Parallel.Task exponentiate = this::exponentiate;
    private final Parallel.Task differentiate = this::differentiate;
    private final Parallel.Task finish = this::finish;

    /** The chunk being worked on: its first row, and how many. */
    private int start;

    private int count;

    /** How many targets of all rows count. */
    private int counted;

    /**
     * Binds the kernel.
     *
     * @param scratch address of {@link #scratchBytes} bytes, 64-byte aligned
     * @param rows N
     * @param width C
     * @param vocabulary V, how many rows of w count
     * @param paddedVocabulary Vp, rows of w and dw
     * @param cap bound of the logits; positive infinity for none
     * @param x address of (N, C)
     * @param w address of (Vp, C)
     * @param targets address of I32 (N), -1 = ignored
     * @param mean receives the mean loss over the targets that count (1), NaN if none
     * @param losses receives the loss of each row (N), 0 where ignored
     * @param dx receives the gradient of the mean with respect to x (N, C); 0 together with {@code dw} for no gradients
     * @param dw receives the gradient of the mean with respect to w (Vp, C), 0 in the padding rows
     */
    public VocabularyLoss(
            Parallel pool,
            long scratch,
            int rows,
            int width,
            int vocabulary,
            int paddedVocabulary,
            float cap,
            long x,
            long w,
            long targets,
            long mean,
            long losses,
            long dx,
            long dw) {
        if (!(cap > 0)) {
            throw new IllegalArgumentException("the cap must be positive, not " + cap);
        }
        if ((dx == 0) != (dw == 0)) {
            throw new IllegalArgumentException("dx and dw come together or not at all");
        }
        this.pool = pool;
        this.products = pool.products();
        this.rows = rows;
        this.width = width;
        this.vocabulary = vocabulary;
        this.paddedVocabulary = paddedVocabulary;
        this.cap = cap;
        this.x = x;
        this.w = w;
        this.targets = targets;
        this.mean = mean;
        this.losses = losses;
        this.dx = dx;
        this.dw = dw;
        this.needsMaximum = cap * VectorMath.LOG2_E > SAFE_EXPONENT;
        this.differentiated = dx != 0;
        this.at = new Layout(scratch, chunkRows(rows), width, vocabulary);
    }

    /** Bytes of scratch for a pool of {@code threads}. */
    public static long scratchBytes(int rows, int width, int vocabulary, int threads) {
        Layout layout = new Layout(0, chunkRows(rows), width, vocabulary);
        return layout.worker(threads);
    }

    /** Rows of a chunk: whole panels, and chunks of nearly equal size. */
    private static int chunkRows(int rows) {
        int chunks = (rows + CHUNK - 1) / CHUNK;
        int even = (rows + chunks - 1) / chunks;
        return (even + WIDTH - 1) / WIDTH * WIDTH;
    }

    /** Where the parts of the scratch memory begin. */
    private record Layout(long start, int chunk, int width, int vocabulary) {
        /** Bytes from the logits of one word to those of the next, and of every array over the rows of a chunk. */
        long row() {
            return 4L * chunk;
        }

        /** Words of a range: whole tiles. */
        int span() {
            return ((vocabulary + RANGES - 1) / RANGES + TILE - 1) / TILE * TILE;
        }

        int ranges() {
            return (vocabulary + span() - 1) / span();
        }

        /** x transposed: panels of (C, WIDTH). */
        long columns() {
            return start;
        }

        /** x times diag(1 / (sum count)): panels of (rows of the chunk, WIDTH). */
        long scaled() {
            return columns() + row() * width;
        }

        /** Logits, then U: (V, chunk). */
        long logits() {
            return scaled() + Panels.packedBytes(chunk, width);
        }

        /** Capped logit of the target of each row. */
        long target() {
            return logits() + row() * vocabulary;
        }

        /** What is subtracted from a logit before it is exponentiated. */
        long shift() {
            return target() + row();
        }

        /** 1 / (sum count) of each row. */
        long factor() {
            return shift() + row();
        }

        /** Sums of each range. */
        long sum(int range) {
            return factor() + row() * (1 + range);
        }

        /** Maxima of each range. */
        long maximum(int range) {
            return sum(RANGES) + row() * range;
        }

        /** Ones: (WIDTH). */
        long ones() {
            return maximum(RANGES);
        }

        /** Share of a range in dx, transposed like x. */
        long gradient(int range) {
            return ones() + BYTES + row() * width * range;
        }

        /** Exponentials of a tile. */
        long worker(int worker) {
            return gradient(RANGES) + worker * (TILE * row() + TILE * BYTES);
        }

        /** Columns of dw that do not fill a panel. */
        long remainder(int worker) {
            return worker(worker) + TILE * row();
        }
    }

    @Override
    public void run() {
        counted = countTargets(targets, rows, vocabulary);
        AttentionTile.fill(at.ones(), 1f);
        if (differentiated) {
            Memory.zero(dw + 4L * vocabulary * width, 4L * (paddedVocabulary - vocabulary) * width);
        }
        double total = 0;
        for (start = 0; start < rows; start += at.chunk()) {
            count = Math.min(at.chunk(), rows - start);
            pool.run(panels(), pack);
            Memory.zero(at.shift(), at.row());
            pool.run(at.ranges(), project);
            if (needsMaximum) {
                collectMaximum();
                pool.run(at.ranges(), exponentiate);
            }
            total += collect();
            if (differentiated) {
                int panels = (width + WIDTH - 1) / WIDTH;
                Panels.packRows(x + 4L * start * width, 4L * width, count, width, at.scaled());
                LossTile.scaleRows(at.scaled(), panels, count, at.factor());
                pool.run(at.ranges(), differentiate);
                pool.run(panels(), finish);
            }
        }
        putFloat(mean, (float) (total / counted));
    }

    /** How many targets are not to be ignored; all are checked. */
    static int countTargets(long targets, int rows, int vocabulary) {
        int n = 0;
        for (int i = 0; i < rows; i++) {
            int target = getInt(targets + 4L * i);
            if (target < -1 || target >= vocabulary) {
                throw new EngineException.BadData("SoftcapCrossEntropy: target " + target + " of row " + i
                        + " is outside the vocabulary of " + vocabulary
                        + "\n  remedy: targets are ids below the vocabulary, or -1 to be ignored");
            }
            n += target >= 0 ? 1 : 0;
        }
        return n;
    }

    /** Panels of rows that the chunk fills. */
    private int panels() {
        return (count + WIDTH - 1) / WIDTH;
    }

    private void pack(int panel, int worker) {
        int first = panel * WIDTH;
        // Without a cap the logits come out in units of log2(e); with one, the cap brings them there.
        float scale = cap == Float.POSITIVE_INFINITY ? VectorMath.LOG2_E : 1f;
        Panels.packTransposed(
                x + 4L * (start + first) * width,
                4L * width,
                Math.min(WIDTH, count - first),
                width,
                scale,
                at.columns() + panel * BYTES * width);
    }

    /** The logits of a range, capped, in units of log2(e); then exponentials or maxima. */
    private void project(int range, int worker) {
        int columns = panels() * WIDTH;
        Memory.zero(at.sum(range), at.row());
        for (int panel = 0; panel < panels(); panel++) {
            AttentionTile.fill(at.maximum(range) + panel * BYTES, AttentionTile.LOWEST);
        }
        int end = Math.min(vocabulary, (range + 1) * at.span());
        for (int word = range * at.span(); word < end; word += TILE) {
            int words = Math.min(TILE, end - word);
            long tile = at.logits() + word * at.row();
            for (int panel = 0; panel < panels(); panel++) {
                products.rows(
                        words,
                        w + 4L * word * width,
                        4L * width,
                        width,
                        at.columns() + panel * BYTES * width,
                        tile + panel * BYTES,
                        at.row(),
                        false);
            }
            if (cap != Float.POSITIVE_INFINITY) {
                for (int i = 0; i < words; i++) {
                    long row = tile + i * at.row();
                    VectorMath.tanh(row, row, columns, 1 / cap, cap * VectorMath.LOG2_E);
                }
            }
            for (int i = 0; i < count; i++) {
                int target = getInt(targets + 4L * (start + i)) - word;
                if (target >= 0 && target < words) {
                    putFloat(at.target() + 4L * i, getFloat(tile + target * at.row() + 4L * i));
                }
            }
            if (needsMaximum) {
                LossTile.raiseMaximum(tile, at.row(), words, columns, at.maximum(range));
            } else {
                exponentiate(tile, words, range, worker);
            }
        }
    }

    private void collectMaximum() {
        for (int i = 0; i < panels() * WIDTH; i++) {
            float maximum = AttentionTile.LOWEST;
            for (int range = 0; range < at.ranges(); range++) {
                maximum = Math.max(maximum, getFloat(at.maximum(range) + 4L * i));
            }
            putFloat(at.shift() + 4L * i, maximum);
        }
    }

    private void exponentiate(int range, int worker) {
        int end = Math.min(vocabulary, (range + 1) * at.span());
        for (int word = range * at.span(); word < end; word += TILE) {
            exponentiate(at.logits() + word * at.row(), Math.min(TILE, end - word), range, worker);
        }
    }

    /** Replaces a tile of z by e^z dz/dlogit and adds the exponentials to the sums of the range. */
    private void exponentiate(long tile, int words, int range, int worker) {
        int columns = panels() * WIDTH;
        long exponentials = at.worker(worker);
        for (long j = 0; j < 4L * columns; j += 4L * LANES) {
            VectorMath.exp2Rows(tile + j, exponentials + j, at.row(), words, at.shift() + j);
        }
        LossTile.addExponentials(tile, exponentials, at.row(), words, columns, at.sum(range), slope());
    }

    /** tanh(logit / cap) divided by z in units of log2(e). */
    private float slope() {
        return 1 / (cap * VectorMath.LOG2_E);
    }

    /** The losses of the chunk, the factors of its gradients, and the targets' part of U; returns the sum of the losses. */
    private double collect() {
        double total = 0;
        for (int i = 0; i < at.chunk(); i++) {
            int target = i < count ? getInt(targets + 4L * (start + i)) : -1;
            putFloat(at.factor() + 4L * i, 0f);
            if (target < 0) {
                if (i < count) {
                    putFloat(losses + 4L * (start + i), 0f);
                }
                continue;
            }
            double sum = 0;
            for (int range = 0; range < at.ranges(); range++) {
                sum += getFloat(at.sum(range) + 4L * i);
            }
            float z = getFloat(at.target() + 4L * i);
            double loss = Math.log(sum) + ((double) getFloat(at.shift() + 4L * i) - z) / VectorMath.LOG2_E;
            putFloat(losses + 4L * (start + i), (float) loss);
            total += loss;
            putFloat(at.factor() + 4L * i, (float) (1 / (sum * counted)));
            double tanh = (double) z * slope();
            long u = at.logits() + target * at.row() + 4L * i;
            putFloat(u, (float) (getFloat(u) - sum * (1 - tanh * tanh)));
        }
        return total;
    }

    /** dw of a range, and its share in dx. */
    private void differentiate(int range, int worker) {
        long gradient = at.gradient(range);
        Memory.zero(gradient, panels() * BYTES * width);
        int end = Math.min(vocabulary, (range + 1) * at.span());
        for (int word = range * at.span(); word < end; word += TILE) {
            int words = Math.min(TILE, end - word);
            long tile = at.logits() + word * at.row();
            long weights = 4L * word * width;
            for (int j = 0; j < width; j += WIDTH) {
                long panel = at.scaled() + j / WIDTH * BYTES * count;
                long target = dw + weights + 4L * j;
                if (j + WIDTH <= width) {
                    products.rows(words, tile, at.row(), count, panel, target, 4L * width, start > 0);
                } else {
                    products.rows(words, tile, at.row(), count, panel, at.remainder(worker), BYTES, false);
                    LossTile.putColumns(at.remainder(worker), words, width - j, target, 4L * width, start > 0);
                }
            }
            for (int panel = 0; panel < panels(); panel++) {
                products.columns(
                        width,
                        w + weights,
                        4L * width,
                        words,
                        tile + panel * BYTES,
                        at.row(),
                        gradient + panel * BYTES * width,
                        BYTES,
                        at.ones());
            }
        }
    }

    /** Adds the shares of dx of one panel of rows and writes it. */
    private void finish(int panel, int worker) {
        long gradient = at.gradient(0) + panel * BYTES * width;
        int first = panel * WIDTH;
        LossTile.addTerms(gradient, at.ranges() - 1, at.row() * width, (long) width * WIDTH);
        Panels.unpackTransposed(
                gradient,
                BYTES,
                Math.min(WIDTH, count - first),
                width,
                at.factor() + panel * BYTES,
                dx + 4L * (start + first) * width,
                4L * width);
    }
}
