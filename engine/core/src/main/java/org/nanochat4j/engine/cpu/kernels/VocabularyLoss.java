package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.GemmTiling.ceil;
import static org.nanochat4j.engine.cpu.kernels.GemmTiling.roundUp;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;
import static org.nanochat4j.engine.cpu.kernels.Panels.BYTES;
import static org.nanochat4j.engine.cpu.kernels.Panels.WIDTH;

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

    private final Parallel pool;
    private final Products products;
    private final LossOperands operands;
    private final boolean needsMaximum;
    private final Layout at;
    private final LossRows each;

    private final Parallel.Task pack = this::pack;
    private final Parallel.Task project = this::project;
    private final Parallel.Task exponentiate = this::exponentiate;
    private final Parallel.Task differentiate = this::differentiate;
    private final Parallel.Task finish = this::finish;
    private final LossRows.Correction correction = this::correct;

    /** The chunk being worked on: its first row, and how many. */
    private int start;

    private int count;

    /** How many targets of all rows count. */
    private int counted;

    /**
     * Binds the kernel.
     *
     * @param scratch address of {@link #scratchBytes} bytes, 64-byte aligned
     */
    public VocabularyLoss(Parallel pool, long scratch, LossOperands operands) {
        this.pool = pool;
        this.products = pool.products();
        this.operands = operands;
        this.needsMaximum = !LossOperands.bounds(operands.cap());
        this.at = Layout.of(scratch, operands.rows(), operands.width(), operands.vocabulary());
        this.each = at.each();
    }

    /** Bytes of scratch for a pool of {@code threads}. */
    public static long scratchBytes(int rows, int width, int vocabulary, int threads) {
        return Layout.of(0, rows, width, vocabulary).worker(threads);
    }

    /** Where the parts of the scratch memory begin, after what is known of each row. */
    private record Layout(LossRows each, int width, int vocabulary) {
        /** For chunks of whole panels and of nearly equal size. */
        static Layout of(long start, int rows, int width, int vocabulary) {
            int chunk = roundUp(ceil(rows, ceil(rows, CHUNK)), WIDTH);
            return new Layout(new LossRows(start, chunk, ceil(vocabulary, span(vocabulary))), width, vocabulary);
        }

        /** Words of a range: whole tiles. */
        private static int span(int vocabulary) {
            return roundUp(ceil(vocabulary, RANGES), TILE);
        }

        int span() {
            return span(vocabulary);
        }

        int chunk() {
            return each.chunk();
        }

        int ranges() {
            return each.ranges();
        }

        /** Bytes from the logits of one word to those of the next. */
        long row() {
            return 4L * chunk();
        }

        /** x transposed: panels of (C, WIDTH). */
        long columns() {
            return each.end();
        }

        /** x times diag(1 / (sum count)): panels of (rows of the chunk, WIDTH). */
        long scaled() {
            return columns() + row() * width;
        }

        /** Logits, then U: (V, chunk). */
        long logits() {
            return scaled() + Panels.packedBytes(chunk(), width);
        }

        /** Maxima of each range. */
        long maximum(int range) {
            return logits() + row() * (vocabulary + range);
        }

        /** Ones: (WIDTH). */
        long ones() {
            return maximum(ranges());
        }

        /** Share of a range in dx, transposed like x. */
        long gradient(int range) {
            return ones() + BYTES + row() * width * range;
        }

        /** Exponentials of a tile. */
        long worker(int worker) {
            return gradient(ranges()) + worker * (TILE * row() + TILE * BYTES);
        }

        /** Columns of dw that do not fill a panel. */
        long remainder(int worker) {
            return worker(worker) + TILE * row();
        }
    }

    @Override
    public void run() {
        counted = operands.countTargets();
        AttentionTile.fill(at.ones(), 1f);
        operands.clearPadding();
        int rows = operands.rows();
        int width = operands.width();
        double total = 0;
        for (start = 0; start < rows; start += at.chunk()) {
            count = Math.min(at.chunk(), rows - start);
            pool.run(panels(), pack);
            Memory.zero(each.shift(), at.row());
            pool.run(at.ranges(), project);
            if (needsMaximum) {
                collectMaximum();
                pool.run(at.ranges(), exponentiate);
            }
            total += each.collect(operands, start, count, counted, correction);
            if (operands.differentiated()) {
                Panels.packRows(operands.x() + 4L * start * width, 4L * width, count, width, at.scaled());
                LossTile.scaleRows(at.scaled(), ceil(width, WIDTH), count, each.factor());
                pool.run(at.ranges(), differentiate);
                pool.run(panels(), finish);
            }
        }
        putFloat(operands.mean(), (float) (total / counted));
    }

    /** Panels of rows that the chunk fills. */
    private int panels() {
        return ceil(count, WIDTH);
    }

    private void pack(int panel, int worker) {
        int first = panel * WIDTH;
        int width = operands.width();
        // Without a cap the logits come out in units of log2(e); with one, the cap brings them there.
        float scale = operands.cap() == Float.POSITIVE_INFINITY ? VectorMath.LOG2_E : 1f;
        Panels.packTransposed(
                operands.x() + 4L * (start + first) * width,
                4L * width,
                Math.min(WIDTH, count - first),
                width,
                scale,
                at.columns() + panel * BYTES * width);
    }

    /** The logits of a range, capped, in units of log2(e); then exponentials or maxima. */
    private void project(int range, int worker) {
        int columns = panels() * WIDTH;
        int width = operands.width();
        float cap = operands.cap();
        Memory.zero(each.sum(range), at.row());
        for (int panel = 0; panel < panels(); panel++) {
            AttentionTile.fill(at.maximum(range) + panel * BYTES, AttentionTile.LOWEST);
        }
        int end = Math.min(operands.vocabulary(), (range + 1) * at.span());
        for (int word = range * at.span(); word < end; word += TILE) {
            int words = Math.min(TILE, end - word);
            long tile = at.logits() + word * at.row();
            for (int panel = 0; panel < panels(); panel++) {
                products.rows(
                        words,
                        operands.w() + 4L * word * width,
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
                int target = operands.target(start + i) - word;
                if (target >= 0 && target < words) {
                    putFloat(each.target() + 4L * i, getFloat(tile + target * at.row() + 4L * i));
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
            putFloat(each.shift() + 4L * i, maximum);
        }
    }

    private void exponentiate(int range, int worker) {
        int end = Math.min(operands.vocabulary(), (range + 1) * at.span());
        for (int word = range * at.span(); word < end; word += TILE) {
            exponentiate(at.logits() + word * at.row(), Math.min(TILE, end - word), range, worker);
        }
    }

    /** Replaces a tile of z by e^z dz/dlogit and adds the exponentials to the sums of the range. */
    private void exponentiate(long tile, int words, int range, int worker) {
        int columns = panels() * WIDTH;
        long exponentials = at.worker(worker);
        for (long j = 0; j < 4L * columns; j += 4L * LANES) {
            VectorMath.exp2Rows(tile + j, exponentials + j, at.row(), words, each.shift() + j);
        }
        LossTile.addExponentials(tile, exponentials, at.row(), words, columns, each.sum(range), operands.slope());
    }

    /** The target's part of U. */
    private void correct(int row, int target, double excess) {
        long u = at.logits() + target * at.row() + 4L * row;
        putFloat(u, (float) (getFloat(u) - excess));
    }

    /** dw of a range, and its share in dx. */
    private void differentiate(int range, int worker) {
        int width = operands.width();
        long gradient = at.gradient(range);
        Memory.zero(gradient, panels() * BYTES * width);
        int end = Math.min(operands.vocabulary(), (range + 1) * at.span());
        for (int word = range * at.span(); word < end; word += TILE) {
            int words = Math.min(TILE, end - word);
            long tile = at.logits() + word * at.row();
            long weights = 4L * word * width;
            for (int j = 0; j < width; j += WIDTH) {
                long panel = at.scaled() + j / WIDTH * BYTES * count;
                long target = operands.dw() + weights + 4L * j;
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
                        operands.w() + weights,
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
        int width = operands.width();
        long gradient = at.gradient(0) + panel * BYTES * width;
        int first = panel * WIDTH;
        LossTile.addTerms(gradient, at.ranges() - 1, at.row() * width, (long) width * WIDTH);
        Panels.unpackTransposed(
                gradient,
                BYTES,
                Math.min(WIDTH, count - first),
                width,
                each.factor() + panel * BYTES,
                operands.dx() + 4L * (start + first) * width,
                4L * width);
    }
}
