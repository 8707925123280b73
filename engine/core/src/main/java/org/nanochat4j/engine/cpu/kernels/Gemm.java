package org.nanochat4j.engine.cpu.kernels;

import java.util.Arrays;
import jdk.incubator.vector.VectorMask;
import org.jspecify.annotations.Nullable;

/**
 * C (m, n) = op(A) op(B), or C += op(A) op(B), in F32, for a batch of row-major matrices.
 *
 * <p>C is cut into tiles ({@link GemmTiling}); a tile is one task and stays with one thread. For each block of k (in order) a task copies its rows of A
 * to a heap array, and for each panel of 2 LANES columns packs B (k, 2 LANES), transposing when B is stored (n, k), and runs {@link MicroKernel} over the rows:
 * the structure of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), with the panel of B in the nearest caches and the rows of A
 * passing by. Few rows against a B stored (n, k) go to {@link Gemv}. A result depends on the shape and the vector length, never on the number of threads.
 */
public final class Gemm implements Kernel {
    private static final int STRIP = MicroKernel.ROWS;

    /** Upper bound of a block of k; a multiple of LANES. */
    static final int BLOCK_K = 384;

    private static final int GEMV_ROWS = 8;
    private static final int INTERLEAVED = 8;
    private static final int DIRECT_ROWS = 2 * STRIP;

    private static final int LANES = Memory.LANES;
    private static final int PANEL = MicroKernel.COLUMNS;
    private static final long TRANSPOSE_OFFSET = MicroKernel.TILE_BYTES;
    private static final long PANEL_OFFSET = TRANSPOSE_OFFSET + Transpose.BUFFER_BYTES;
    private static final long SCRATCH_BYTES = Memory.align(PANEL_OFFSET + 4L * BLOCK_K * PANEL);

    /** The rows of A of one thread: see {@link MicroKernel} for why they are on the heap. */
    private static final ThreadLocal<float[]> ROWS =
            ThreadLocal.withInitial(() -> new float[GemmTiling.MAX_ROWS / STRIP * (STRIP * BLOCK_K + LANES)]);

    private final @Nullable Parallel pool;
    private final long scratch;
    private final GemmShape shape;
    private final boolean accumulate;
    private final boolean gemv;
    private final GemmTiling tiling;
    private final int blockK;
    private final int stripFloats;
    private final Parallel.Task task = this::tile;
    private long a;
    private long b;
    private long c;

    /**
     * Binds a product to a pool and to addresses, which {@link #run(long, long, long)} may override.
     *
     * @param scratch 64-byte aligned, {@link #scratchBytes} long; kernels that do not run at the same time may share it
     * @param accumulate adds to C instead of overwriting it
     */
    public Gemm(Parallel pool, long scratch, GemmShape shape, boolean accumulate, long a, long b, long c) {
        this(pool, scratch, shape, accumulate);
        this.a = a;
        this.b = b;
        this.c = c;
    }

    /** A product for {@link #runSerial} alone. */
    public Gemm(GemmShape shape, boolean accumulate) {
        this(null, 0, shape, accumulate);
    }

    private Gemm(@Nullable Parallel pool, long scratch, GemmShape shape, boolean accumulate) {
        this.pool = pool;
        this.scratch = scratch;
        this.shape = shape;
        this.accumulate = accumulate;
        this.gemv = shape.transposeB() && !shape.transposeA() && shape.m() <= GEMV_ROWS;
        this.tiling = gemv ? GemmTiling.gemv(shape) : GemmTiling.of(shape, pool == null ? 1 : pool.threads());
        int blocks = GemmTiling.ceil(shape.k(), BLOCK_K);
        this.blockK = GemmTiling.roundUp(GemmTiling.ceil(shape.k(), blocks), LANES);
        this.stripFloats = STRIP * blockK + LANES;
    }

    /** Bytes of scratch for {@link #run()}: packing buffers for each thread. */
    public static long scratchBytes(GemmShape shape, int threads) {
        return serialScratchBytes(shape) * threads;
    }

    /** Bytes of scratch for {@link #runSerial}: packing buffers for one thread. The same for all shapes today. */
    @SuppressWarnings("unused") // the shape may matter one day
    public static long serialScratchBytes(GemmShape shape) {
        return SCRATCH_BYTES;
    }

    @Override
    public void run() {
        if (pool == null) {
            throw new IllegalStateException("this Gemm was bound without a pool: use runSerial");
        }
        pool.run(tiling.tasks(shape), task);
    }

    /** Runs on other matrices of the same shape, which become the bound ones. */
    public void run(long a, long b, long c) {
        this.a = a;
        this.b = b;
        this.c = c;
        run();
    }

    /**
     * Runs on the calling thread, with the same result as {@link #run()}: for use inside a {@link Parallel.Task}. Many threads may do so at once with one
     * instance, each with scratch of its own.
     *
     * @param scratch 64-byte aligned, {@link #serialScratchBytes} long
     */
    public void runSerial(long a, long b, long c, long scratch) {
        int count = tiling.tasks(shape);
        for (int i = 0; i < count; i++) {
            tile(i, a, b, c, scratch);
        }
    }

    private void tile(int index, int worker) {
        tile(index, a, b, c, scratch + worker * SCRATCH_BYTES);
    }

    private void tile(int index, long a, long b, long c, long scratch) {
        int tiles = tiling.down() * tiling.across();
        int member = index / tiles;
        int row = index % tiles / tiling.across() * tiling.rows();
        int column = index % tiling.across() * tiling.columns();
        int rows = Math.min(tiling.rows(), shape.m() - row);
        int columns = Math.min(tiling.columns(), shape.n() - column);
        long atA = a + 4 * (member * shape.strideA() + (shape.transposeA() ? row : (long) row * shape.lda()));
        long atB = b + 4 * (member * shape.strideB() + (shape.transposeB() ? (long) column * shape.ldb() : column));
        long atC = c + 4 * (member * shape.strideC() + (long) row * shape.ldc() + column);
        if (gemv) {
            Gemv.run(
                    rows,
                    columns,
                    shape.k(),
                    atA,
                    4L * shape.lda(),
                    atB,
                    4L * shape.ldb(),
                    atC,
                    4L * shape.ldc(),
                    4,
                    accumulate,
                    scratch);
            return;
        }
        float[] packedA = ROWS.get();
        for (int p = 0; p < shape.k(); p += blockK) {
            int depth = Math.min(blockK, shape.k() - p);
            packA(atA, p, rows, depth, packedA);
            for (int j = 0; j < columns; j += PANEL) {
                panel(
                        atB,
                        p,
                        j,
                        rows,
                        Math.min(PANEL, columns - j),
                        depth,
                        packedA,
                        atC + 4L * j,
                        accumulate || p > 0,
                        scratch);
            }
        }
    }

    /** Packs one panel of B and multiplies all rows of the tile by it. */
    private void panel(
            long b,
            int p,
            int j,
            int rows,
            int columns,
            int depth,
            float[] packedA,
            long c,
            boolean add,
            long scratch) {
        boolean narrow = columns <= LANES;
        int width = narrow ? LANES : PANEL;
        long panel = scratch + PANEL_OFFSET;
        long stride = 4L * width;
        if (shape.transposeB()) {
            long ldb = 4L * shape.ldb();
            Transpose.run(b + j * ldb + 4L * p, ldb, columns, depth, panel, stride, scratch + TRANSPOSE_OFFSET);
        } else {
            long ldb = 4L * shape.ldb();
            long source = b + p * ldb + 4L * j;
            if (rows <= DIRECT_ROWS && columns == width) {
                panel = source;
                stride = ldb;
            } else {
                copyPanel(source, ldb, depth, columns, panel, width);
            }
        }
        int rowStep = shape.transposeA() ? 1 : blockK;
        int step = shape.transposeA() ? STRIP : 1;
        long ldc = 4L * shape.ldc();
        for (int i = 0; i < rows; i += STRIP) {
            if (narrow) {
                MicroKernel.narrow(depth, packedA, i / STRIP * stripFloats, rowStep, step, panel, stride, scratch);
            } else {
                MicroKernel.wide(depth, packedA, i / STRIP * stripFloats, rowStep, step, panel, stride, scratch);
            }
            MicroKernel.update(scratch, width, c + i * ldc, ldc, Math.min(STRIP, rows - i), columns, add);
        }
    }

    private static void copyPanel(long source, long ldb, int depth, int columns, long panel, int width) {
        if (columns == PANEL) {
            for (int p = 0; p < depth; p++) {
                long from = source + p * ldb;
                long to = panel + p * 4L * PANEL;
                Memory.store(Memory.load(from), to);
                Memory.store(Memory.load(from + 4L * LANES), to + 4L * LANES);
            }
            return;
        }
        for (int p = 0; p < depth; p++) {
            long from = source + p * ldb;
            long to = panel + 4L * p * width;
            for (int j = 0; j < columns; j++) {
                Memory.putFloat(to + 4L * j, Memory.getFloat(from + 4L * j));
            }
        }
    }

    /**
     * Packs rows of op(A), each 6 rows a strip: row after row, or interleaved when A is stored transposed. Rows missing in the last strip become
     * zero.
     */
    private void packA(long a, int p, int rows, int depth, float[] target) {
        long lda = 4L * shape.lda();
        if (shape.transposeA()) {
            // A few rows of the matrix at a time: a strip alone would fetch every cache line again for its neighbour.
            for (int from = 0; from < depth; from += INTERLEAVED) {
                int count = Math.min(INTERLEAVED, depth - from);
                for (int i = 0; i < rows; i += STRIP) {
                    int index = i / STRIP * stripFloats + from * STRIP;
                    interleave(a + (p + from) * lda + 4L * i, lda, Math.min(STRIP, rows - i), count, target, index);
                }
            }
            return;
        }
        for (int i = 0; i < GemmTiling.roundUp(rows, STRIP); i++) {
            int index = i / STRIP * stripFloats + i % STRIP * blockK;
            if (i < rows) {
                copyRow(a + i * lda + 4L * p, depth, target, index);
            } else {
                Arrays.fill(target, index, index + depth, 0);
            }
        }
    }

    /** Copies the first columns of a matrix, 6 floats for each row; the excess lanes of a store are overwritten by the next. */
    private static void interleave(long source, long stride, int columns, int rows, float[] target, int index) {
        if (LANES < STRIP) {
            for (int p = 0; p < rows; p++) {
                for (int i = 0; i < STRIP; i++) {
                    target[index + p * STRIP + i] = i < columns ? Memory.getFloat(source + p * stride + 4L * i) : 0;
                }
            }
            return;
        }
        VectorMask<Float> mask = Memory.mask(columns);
        for (int p = 0; p < rows; p++) {
            Memory.load(source + p * stride, mask).intoArray(target, index + p * STRIP);
        }
    }

    private static void copyRow(long source, int count, float[] target, int index) {
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            Memory.load(source + 4L * i).intoArray(target, index + i);
        }
        for (; i < count; i++) {
            target[index + i] = Memory.getFloat(source + 4L * i);
        }
    }
}
