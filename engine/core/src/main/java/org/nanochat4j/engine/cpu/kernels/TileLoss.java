package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.GemmTiling.ceil;
import static org.nanochat4j.engine.cpu.kernels.GemmTiling.roundUp;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.nanochat4j.engine.DType;

/**
 * {@link VocabularyLoss} over BF16 with its three products on the matrix unit of the processor ({@link TileGemm}).
 *
 * <p>The same algebra: U = e^z dz/dlogit with one correction at each target, dx = diag(1 / (sum count)) U w, dw = Uᵀ diag(1 / (sum count)) x. Logits are F32 and
 * are never rounded; they are held for a range of the vocabulary at a time, row by row, and become U in BF16, the operand of both products, for all of the
 * vocabulary and a chunk of rows. The rows of x are rounded once more where they are scaled. So gradients carry the rounding of BF16 operands, losses do not.
 *
 * <p>Only for caps that bound e^z: {@link LossOperands#bounds}.
 */
public final class TileLoss implements Kernel {
    /** Most rows of a chunk. More of them read and write dw less often, and hold more of U. */
    private static final int CHUNK = 1024;

    /** Most words of a range. */
    private static final int RANGE = 1024;

    /** Rows of one task between the products. */
    private static final int ROWS = 8;

    private static final long VECTOR_BYTES = 4L * LANES;

    private final Parallel pool;
    private final LossOperands operands;
    private final Layout at;
    private final LossRows each;
    private final ChunkProducts whole;
    private final ChunkProducts last;

    private final Parallel.Task exponentiate = this::exponentiate;
    private final Parallel.Task scale = this::scale;
    private final Parallel.Task finish = this::finish;
    private final LossRows.Correction correction = this::correct;

    /** The chunk being worked on, its first row and how many, and the range, its first word and how many. */
    private int start;

    private int count;
    private int word;
    private int words;

    /** How many targets of all rows count. */
    private int counted;

    /**
     * Binds the kernel.
     *
     * @param kernel usually {@link TileKernel#CODE}
     * @param scratch address of {@link #scratchBytes} bytes, 64-byte aligned
     * @param operands with x, w and dx in BF16
     */
    public TileLoss(TileKernel kernel, Parallel pool, long scratch, LossOperands operands) {
        this(kernel, CHUNK, RANGE, pool, scratch, operands);
    }

    /** With other extents of chunks and ranges. */
    TileLoss(TileKernel kernel, int mostRows, int mostWords, Parallel pool, long scratch, LossOperands operands) {
        if (!LossOperands.bounds(operands.cap())) {
            throw new IllegalArgumentException("a cap of " + operands.cap() + " does not bound the exponentials");
        }
        this.pool = pool;
        this.operands = operands;
        this.at = Layout.of(
                scratch, operands.rows(), operands.width(), operands.vocabulary(), mostRows, mostWords, pool.threads());
        this.each = at.each();
        this.whole = new ChunkProducts(kernel, pool, at, at.chunk());
        this.last = new ChunkProducts(kernel, pool, at, at.lastRows());
    }

    /** Bytes of scratch for a pool of {@code threads}. */
    public static long scratchBytes(int rows, int width, int vocabulary, int threads) {
        return scratchBytes(rows, width, vocabulary, CHUNK, RANGE, threads);
    }

    static long scratchBytes(int rows, int width, int vocabulary, int mostRows, int mostWords, int threads) {
        return Layout.of(0, rows, width, vocabulary, mostRows, mostWords, threads)
                .end();
    }

    /**
     * Where the parts of the scratch memory begin, after what is known of each row.
     *
     * @param range words of a range
     */
    private record Layout(LossRows each, int rows, int width, int vocabulary, int range, int threads) {
        /** Chunks, and ranges, of nearly equal size, in whole blocks of the micro-kernel. */
        static Layout of(long start, int rows, int width, int vocabulary, int mostRows, int mostWords, int threads) {
            int chunk = Math.min(rows, roundUp(ceil(rows, ceil(rows, mostRows)), TilePacking.UNIT));
            int range = roundUp(ceil(vocabulary, ceil(vocabulary, mostWords)), TilePacking.UNIT);
            var each = new LossRows(start, chunk, ceil(vocabulary, range));
            return new Layout(each, rows, width, vocabulary, range, threads);
        }

        int chunk() {
            return each.chunk();
        }

        int lastRows() {
            return rows - (ceil(rows, chunk()) - 1) * chunk();
        }

        int lastWords() {
            return vocabulary - (each.ranges() - 1) * range;
        }

        /** Logits of a range: (chunk, range) F32. */
        long logits() {
            return each.end();
        }

        /** U: (chunk, V) BF16. */
        long u() {
            return logits() + 4L * chunk() * range;
        }

        /** x times diag(1 / (sum count)): (chunk, C) BF16. */
        long scaled() {
            return u() + Memory.align(2L * chunk() * vocabulary);
        }

        /** U w: (chunk, C) F32. */
        long gradient() {
            return scaled() + Memory.align(2L * chunk() * width);
        }

        /** U of the target of each row before its correction. */
        long targetU() {
            return gradient() + Memory.align(4L * chunk() * width);
        }

        /** A vector of zeros. */
        long zeros() {
            return targetU() + each.bytes();
        }

        /** A row of exponentials, or of x in F32. */
        long worker(int worker) {
            return zeros() + Memory.align(VECTOR_BYTES) + worker * Memory.align(4L * Math.max(range, width));
        }

        /** For the products, one at a time. */
        long products() {
            return worker(threads);
        }

        long end() {
            long most = IntStream.of(chunk(), lastRows())
                    .boxed()
                    .flatMap(count -> Stream.of(
                            projection(count, Math.min(range, vocabulary)),
                            projection(count, lastWords()),
                            inputs(count),
                            weights(count)))
                    .mapToLong(shape -> TileGemm.scratchBytes(shape, threads))
                    .max()
                    .orElseThrow();
            return products() + most;
        }

        GemmShape projection(int count, int words) {
            return new GemmShape(1, count, words, width, false, true, width, width, range, 0, 0, 0);
        }

        GemmShape inputs(int count) {
            return new GemmShape(1, count, width, vocabulary, false, false, vocabulary, width, width, 0, 0, 0);
        }

        GemmShape weights(int count) {
            return new GemmShape(1, vocabulary, width, count, true, false, vocabulary, width, width, 0, 0, 0);
        }
    }

    /** The products of a chunk of so many rows. */
    private static final class ChunkProducts {
        private final TileGemm project;
        private final TileGemm projectLast;
        private final TileGemm inputs;
        private final TileGemm weights;
        private final TileGemm moreWeights;

        ChunkProducts(TileKernel kernel, Parallel pool, Layout at, int count) {
            project = product(kernel, pool, at, at.projection(count, Math.min(at.range(), at.vocabulary())), false);
            projectLast = product(kernel, pool, at, at.projection(count, at.lastWords()), false);
            inputs = product(kernel, pool, at, at.inputs(count), false);
            weights = product(kernel, pool, at, at.weights(count), false);
            moreWeights = product(kernel, pool, at, at.weights(count), true);
        }

        private static TileGemm product(
                TileKernel kernel, Parallel pool, Layout at, GemmShape shape, boolean accumulate) {
            return new TileGemm(
                    kernel,
                    TileGemm.PACKED_BYTES,
                    pool,
                    at.products(),
                    shape,
                    DType.BF16,
                    DType.BF16,
                    DType.F32,
                    accumulate,
                    0,
                    0,
                    0);
        }
    }

    @Override
    public void run() {
        counted = operands.countTargets();
        operands.clearPadding();
        Memory.zero(at.zeros(), VECTOR_BYTES);
        Memory.zero(each.shift(), each.bytes());
        int rows = operands.rows();
        int width = operands.width();
        int vocabulary = operands.vocabulary();
        double total = 0;
        for (start = 0; start < rows; start += at.chunk()) {
            count = Math.min(at.chunk(), rows - start);
            ChunkProducts products = start + count < rows ? whole : last;
            long chunk = operands.x() + 2L * start * width;
            for (word = 0; word < vocabulary; word += at.range()) {
                words = Math.min(at.range(), vocabulary - word);
                TileGemm project = word + words < vocabulary ? products.project : products.projectLast;
                project.run(chunk, operands.w() + 2L * word * width, at.logits());
                pool.run(ceil(count, ROWS), exponentiate);
            }
            total += each.collect(operands, start, count, counted, correction);
            if (operands.differentiated()) {
                products.inputs.run(at.u(), operands.w(), at.gradient());
                pool.run(ceil(count, ROWS), finish);
                pool.run(ceil(count, ROWS), scale);
                (start == 0 ? products.weights : products.moreWeights).run(at.u(), at.scaled(), operands.dw());
            }
        }
        putFloat(operands.mean(), (float) (total / counted));
    }

    private long u(int row) {
        return at.u() + 2L * row * operands.vocabulary();
    }

    /** Some rows of a range: capped logits become U, their exponentials are summed. */
    private void exponentiate(int index, int worker) {
        long exponentials = at.worker(worker);
        int vectors = ceil(words, LANES);
        long sums = each.sum(word / at.range());
        float cap = operands.cap();
        for (int i = index * ROWS; i < Math.min(count, (index + 1) * ROWS); i++) {
            long z = at.logits() + 4L * i * at.range();
            VectorMath.tanh(z, z, words, 1 / cap, cap * VectorMath.LOG2_E);
            for (int j = words; j < vectors * LANES; j++) {
                putFloat(z + 4L * j, AttentionTile.LOWEST);
            }
            int target = operands.target(start + i) - word;
            boolean here = target >= 0 && target < words;
            if (here) {
                putFloat(each.target() + 4L * i, getFloat(z + 4L * target));
            }
            VectorMath.exp2Rows(z, exponentials, VECTOR_BYTES, vectors, at.zeros());
            putFloat(sums + 4L * i, LossTile.addRow(z, exponentials, vectors, operands.slope()));
            if (here) {
                putFloat(at.targetU() + 4L * i, getFloat(z + 4L * target));
            }
            if (operands.differentiated()) {
                Bf16Conversion.round(words, z, u(i) + 2L * word);
            }
        }
    }

    /** The target's part of U. */
    private void correct(int row, int target, double excess) {
        if (operands.differentiated()) {
            long place = at.targetU() + 4L * row;
            putFloat(place, (float) (getFloat(place) - excess));
            Bf16Conversion.round(1, place, u(row) + 2L * target);
        }
    }

    /** Some rows of x, times their factors. */
    private void scale(int index, int worker) {
        long row = at.worker(worker);
        int width = operands.width();
        for (int i = index * ROWS; i < Math.min(count, (index + 1) * ROWS); i++) {
            Bf16Conversion.widen(width, operands.x() + 2L * (start + i) * width, row);
            scaleRow(row, width, getFloat(each.factor() + 4L * i));
            Bf16Conversion.round(width, row, at.scaled() + 2L * i * width);
        }
    }

    /** Some rows of dx. */
    private void finish(int index, int worker) {
        int width = operands.width();
        for (int i = index * ROWS; i < Math.min(count, (index + 1) * ROWS); i++) {
            long row = at.gradient() + 4L * i * width;
            scaleRow(row, width, getFloat(each.factor() + 4L * i));
            Bf16Conversion.round(width, row, operands.dx() + 2L * (start + i) * width);
        }
    }

    private static void scaleRow(long row, int width, float factor) {
        for (int j = 0; j < width; j++) {
            putFloat(row + 4L * j, factor * getFloat(row + 4L * j));
        }
    }
}
