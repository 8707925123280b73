package org.nanochat4j.engine.cpu.kernels;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.jspecify.annotations.Nullable;

/**
 * C (m, n) = op(A) op(B), or C += op(A) op(B), in F32, for a batch of row-major matrices.
 *
 * <p>C is cut into tiles by its shape alone; a tile is one task and stays with one thread. For each block of k (in order) a task copies its rows of A
 * to a heap array, and for each panel of 2 LANES columns packs B (k, 2 LANES), transposing when B is stored (n, k), and runs {@link MicroKernel} over the rows:
 * the structure of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), with the panel of B in the nearest caches and the rows of A
 * passing by. Few rows against a B stored (n, k) go to {@link Gemv}. A result depends on the shape and the vector length, never on the number of threads.
 */
public final class Gemm implements Kernel {
    /** Upper bound of a block of k; a multiple of LANES. */
    static final int BLOCK_K = 384;

    private static final int MAX_ROWS = 384;
    private static final int MAX_COLUMNS = 512;
    private static final int MIN_ROWS = 96;
    private static final int MIN_COLUMNS = 64;
    private static final int ENOUGH_TASKS = 16;
    private static final long MIN_FLOPS = 2_000_000;
    private static final int GEMV_ROWS = 8;
    private static final int GEMV_TASK_FLOATS = 1 << 15;
    private static final int DIRECT_ROWS = 2 * MicroKernel.ROWS;

    private static final int LANES = Memory.LANES;
    private static final int PANEL = MicroKernel.COLUMNS;
    private static final long TRANSPOSE_OFFSET = MicroKernel.TILE_BYTES;
    private static final long PANEL_OFFSET = TRANSPOSE_OFFSET + Transpose.BUFFER_BYTES;
    private static final long STRIP_OFFSET = PANEL_OFFSET + 4L * BLOCK_K * PANEL;
    private static final long SCRATCH_BYTES = Memory.align(STRIP_OFFSET + 4L * BLOCK_K * LANES);

    /** The rows of A of one thread: see {@link MicroKernel} for why they are on the heap. */
    private static final ThreadLocal<float[]> ROWS =
            ThreadLocal.withInitial(() -> new float[(MAX_ROWS + LANES) * BLOCK_K]);

    private final @Nullable Parallel pool;
    private final long scratch;
    private final GemmShape shape;
    private final boolean accumulate;
    private final boolean gemv;
    private final int tileRows;
    private final int tileColumns;
    private final int tilesDown;
    private final int tilesAcross;
    private final int blockK;
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
        int down = 1;
        int across;
        if (gemv) {
            int columns = Math.max(4, GEMV_TASK_FLOATS / shape.k() & -4);
            across = ceil(shape.n(), columns);
            this.tileRows = shape.m();
            this.tileColumns = columns;
        } else {
            down = ceil(shape.m(), MAX_ROWS);
            across = ceil(shape.n(), MAX_COLUMNS);
            while ((long) shape.batch() * down * across < ENOUGH_TASKS
                    && shape.flops() / ((long) shape.batch() * down * across) >= 2 * MIN_FLOPS) {
                int rows = ceil(shape.m(), down);
                int columns = ceil(shape.n(), across);
                if (rows >= columns && rows >= 2 * MIN_ROWS) {
                    down *= 2;
                } else if (columns >= 2 * MIN_COLUMNS) {
                    across *= 2;
                } else if (rows >= 2 * MIN_ROWS) {
                    down *= 2;
                } else {
                    break;
                }
            }
            this.tileRows = roundUp(ceil(shape.m(), down), MicroKernel.ROWS);
            this.tileColumns = roundUp(ceil(shape.n(), across), PANEL);
            down = ceil(shape.m(), tileRows);
            across = ceil(shape.n(), tileColumns);
        }
        this.tilesDown = down;
        this.tilesAcross = across;
        this.blockK = roundUp(ceil(shape.k(), ceil(shape.k(), BLOCK_K)), LANES);
    }

    private static int ceil(int value, int divisor) {
        return (value + divisor - 1) / divisor;
    }

    private static int roundUp(int value, int multiple) {
        return ceil(value, multiple) * multiple;
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
        pool.run(shape.batch() * tilesDown * tilesAcross, task);
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
        int count = shape.batch() * tilesDown * tilesAcross;
        for (int i = 0; i < count; i++) {
            tile(i, a, b, c, scratch);
        }
    }

    private void tile(int index, int worker) {
        tile(index, a, b, c, scratch + worker * SCRATCH_BYTES);
    }

    private void tile(int index, long a, long b, long c, long scratch) {
        int member = index / (tilesDown * tilesAcross);
        int row = index / tilesAcross % tilesDown * tileRows;
        int column = index % tilesAcross * tileColumns;
        int rows = Math.min(tileRows, shape.m() - row);
        int columns = Math.min(tileColumns, shape.n() - column);
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
            packA(atA, p, rows, depth, packedA, scratch);
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
        long ldc = 4L * shape.ldc();
        for (int i = 0; i < rows; i += MicroKernel.ROWS) {
            if (narrow) {
                MicroKernel.narrow(depth, packedA, i * blockK, blockK, panel, stride, scratch);
            } else {
                MicroKernel.wide(depth, packedA, i * blockK, blockK, panel, stride, scratch);
            }
            MicroKernel.update(scratch, width, c + i * ldc, ldc, Math.min(MicroKernel.ROWS, rows - i), columns, add);
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
        for (int j = 0; j < columns; j += LANES) {
            VectorMask<Float> mask = Memory.mask(columns - j);
            for (int p = 0; p < depth; p++) {
                Memory.store(Memory.load(source + p * ldb + 4L * j, mask), panel + 4L * (p * width + j));
            }
        }
    }

    /** Copies rows of op(A), blockK apart, and makes the rows that fill the last register block zero. */
    private void packA(long a, int p, int rows, int depth, float[] target, long scratch) {
        long lda = 4L * shape.lda();
        if (shape.transposeA()) {
            long strip = scratch + STRIP_OFFSET;
            for (int i = 0; i < rows; i += LANES) {
                int count = Math.min(LANES, rows - i);
                Transpose.run(a + p * lda + 4L * i, lda, depth, count, strip, 4L * BLOCK_K, scratch + TRANSPOSE_OFFSET);
                for (int r = 0; r < count; r++) {
                    copyRow(strip + r * 4L * BLOCK_K, depth, target, (i + r) * blockK);
                }
            }
        } else {
            for (int i = 0; i < rows; i++) {
                copyRow(a + i * lda + 4L * p, depth, target, i * blockK);
            }
        }
        for (int i = rows; i < roundUp(rows, MicroKernel.ROWS); i++) {
            Arrays.fill(target, i * blockK, i * blockK + depth, 0);
        }
    }

    private static void copyRow(long source, int count, float[] target, int index) {
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            Memory.load(source + 4L * i).intoArray(target, index + i);
        }
        if (i < count) {
            FloatVector last = Memory.load(source + 4L * i, Memory.mask(count - i));
            last.intoArray(target, index + i);
        }
    }
}
