package org.nanochat4j.engine.cpu.kernels;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;

/**
 * C (m, n) = op(A) op(B), or C += op(A) op(B), with F32 sums, for a batch of row-major matrices.
 *
 * <p>C is cut into tiles ({@link GemmTiling}); a tile is one task and stays with one thread. For each block of k (in order) a task copies its rows of A
 * to {@link PackedRows}, and for each panel of 2 LANES columns packs B (k, 2 LANES), transposing when B is stored (n, k), and runs {@link Products} over the rows:
 * the structure of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), with the panel of B in the nearest caches and the rows of A
 * passing by. An epilogue ({@link #then}) takes over after the last block of k. Few rows against a B stored (n, k) go to {@link Gemv}. A result depends on the shape and the vector length, never on the number of threads.
 *
 * <p>BF16 matrices are widened block by block, before they are packed, and a tile of a BF16 result is summed up in scratch memory and rounded once: nothing of that leaves the caches. So the sums are those
 * of the same numbers in F32, bit for bit.
 */
public final class Gemm implements Kernel {
    private static final int STRIP = MicroKernel.ROWS;

    /** Upper bound of a block of k; a multiple of LANES. */
    static final int BLOCK_K = 384;

    /** Panels of B that are packed together. */
    private static final int GROUP = 4;

    /** Rows that pass by a group: they fit the second-level cache beside it. */
    static final int NEAR_ROWS = 32 * STRIP;

    private static final int GEMV_ROWS = 8;
    private static final int DIRECT_ROWS = 2 * STRIP;

    private static final int LANES = Memory.LANES;
    private static final int PANEL = MicroKernel.COLUMNS;
    private static final long TRANSPOSE_OFFSET = MicroKernel.TILE_BYTES;
    private static final long PANEL_OFFSET = TRANSPOSE_OFFSET + Transpose.BUFFER_BYTES;
    private static final long SCRATCH_BYTES = Memory.align(PANEL_OFFSET + 4L * BLOCK_K * GROUP * PANEL);

    /** The rows of A of one thread. */
    private static final ThreadLocal<PackedRows> ROWS =
            ThreadLocal.withInitial(() -> new PackedRows(GemmTiling.MAX_ROWS, BLOCK_K));

    private final Parallel pool;
    private final Products products;
    private final long scratch;
    private final GemmShape shape;
    private final DType operands;
    private final DType result;
    private final boolean accumulate;
    private final boolean gemv;
    private final GemmTiling tiling;
    private final int blockK;
    private final PackedRows.Layout layout;
    private final Scratch parts;
    private final @Nullable RangeKernel epilogue;
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
        this(pool, scratch, shape, DType.F32, DType.F32, accumulate, a, b, c, null);
    }

    /**
     * Binds a product of BF16 matrices.
     *
     * @param scratch 64-byte aligned, {@link #scratchBytes(GemmShape, DType, DType, int)} long
     * @param result F32, or BF16 for sums that are rounded once
     * @return the product
     */
    public static Gemm bf16(Parallel pool, long scratch, GemmShape shape, DType result, long a, long b, long c) {
        return new Gemm(pool, scratch, shape, DType.BF16, result, false, a, b, c, null);
    }

    private Gemm(
            Parallel pool,
            long scratch,
            GemmShape shape,
            DType operands,
            DType result,
            boolean accumulate,
            long a,
            long b,
            long c,
            @Nullable RangeKernel epilogue) {
        this.pool = pool;
        this.products = pool.products();
        this.scratch = scratch;
        this.shape = shape;
        this.operands = operands;
        this.result = result;
        this.accumulate = accumulate;
        this.gemv = isGemv(shape);
        this.tiling = tiling(shape, pool.threads());
        int blocks = GemmTiling.ceil(shape.k(), BLOCK_K);
        this.blockK = GemmTiling.roundUp(GemmTiling.ceil(shape.k(), blocks), LANES);
        this.layout = PackedRows.Layout.of(shape.transposeA(), blockK);
        this.parts = Scratch.of(shape, tiling, operands, result);
        this.a = a;
        this.b = b;
        this.c = c;
        this.epilogue = epilogue;
    }

    private static boolean isGemv(GemmShape shape) {
        return shape.transposeB() && !shape.transposeA() && shape.m() <= GEMV_ROWS;
    }

    private static GemmTiling tiling(GemmShape shape, int threads) {
        return isGemv(shape) ? GemmTiling.gemv(shape) : GemmTiling.of(shape, threads);
    }

    /** Whether {@link #then} is possible: C is one range of whole vectors of F32, and large enough for tiles. */
    public boolean takesEpilogue() {
        boolean contiguous =
                shape.ldc() == shape.n() && (shape.batch() == 1 || shape.strideC() == (long) shape.m() * shape.n());
        return !gemv && result == DType.F32 && contiguous && shape.n() % LANES == 0;
    }

    /**
     * The same product, with every part of C passed through another kernel while it is in a near cache.
     *
     * @param next over the elements of C; it may write over C, but not over A or B
     * @return both as one kernel
     */
    public Kernel then(RangeKernel next) {
        if (!takesEpilogue()) {
            throw new IllegalArgumentException("no epilogue can follow " + shape);
        }
        return new Gemm(pool, scratch, shape, operands, result, accumulate, a, b, c, next);
    }

    /** Bytes of scratch of a product of F32 matrices: packing buffers for each thread. */
    public static long scratchBytes(GemmShape shape, int threads) {
        return scratchBytes(shape, DType.F32, DType.F32, threads);
    }

    /** Bytes of scratch, with a widened piece of the operands and a tile of the result for each thread, if they are BF16. */
    public static long scratchBytes(GemmShape shape, DType operands, DType result, int threads) {
        return threads
                * Scratch.of(shape, tiling(shape, threads), operands, result).bytes();
    }

    /**
     * A thread's scratch behind what packing needs, which begins with a widened block of A.
     *
     * @param right where a widened block of B is
     * @param sums where a tile of C is that will be rounded
     * @param bytes of all
     */
    private record Scratch(long right, long sums, long bytes) {
        static Scratch of(GemmShape shape, GemmTiling tiling, DType operands, DType result) {
            boolean narrow = operands == DType.BF16;
            int depth = isGemv(shape) ? shape.k() : BLOCK_K;
            int columns = isGemv(shape) ? tiling.columns() : GROUP * PANEL;
            long right = SCRATCH_BYTES + (narrow ? Memory.align(4L * tiling.rows() * depth) : 0);
            long sums = right + (narrow ? Memory.align(4L * columns * depth) : 0);
            long end = sums + (result == DType.BF16 ? Memory.align(4L * tiling.rows() * tiling.columns()) : 0);
            return new Scratch(right, sums, end);
        }
    }

    @Override
    public void run() {
        pool.run(tiling.tasks(shape), task);
    }

    /** Runs on other matrices of the same shape, which become the bound ones. */
    public void run(long a, long b, long c) {
        this.a = a;
        this.b = b;
        this.c = c;
        run();
    }

    private void tile(int index, int worker) {
        long scratch = this.scratch + worker * parts.bytes();
        int tiles = tiling.down() * tiling.across();
        int member = index / tiles;
        int row = index % tiles / tiling.across() * tiling.rows();
        int column = index % tiling.across() * tiling.columns();
        int rows = Math.min(tiling.rows(), shape.m() - row);
        int columns = Math.min(tiling.columns(), shape.n() - column);
        long offsetA = member * shape.strideA() + (shape.transposeA() ? row : (long) row * shape.lda());
        long offsetB = member * shape.strideB() + (shape.transposeB() ? (long) column * shape.ldb() : column);
        long atA = a + operands.bytes() * offsetA;
        long atB = b + operands.bytes() * offsetB;
        long atC = c + result.bytes() * (member * shape.strideC() + (long) row * shape.ldc() + column);
        boolean rounded = result == DType.BF16;
        long sums = rounded ? scratch + parts.sums() : atC;
        long stride = 4L * (rounded ? tiling.columns() : shape.ldc());
        if (gemv) {
            few(rows, columns, atA, atB, sums, stride, scratch);
        } else {
            blocks(rows, columns, atA, atB, sums, stride, scratch);
        }
        if (rounded) {
            for (int i = 0; i < rows; i++) {
                Bf16Conversion.round(columns, sums + i * stride, atC + 2L * i * shape.ldc());
            }
        } else if (epilogue != null) {
            finish(epilogue, atC, rows, columns);
        }
    }

    /** A tile for {@link Gemv}: a few rows of A, and so many of the B that is stored (n, k). */
    private void few(int rows, int columns, long a, long b, long c, long ldc, long scratch) {
        int k = shape.k();
        long x = near(a, shape.lda(), rows, k, scratch + SCRATCH_BYTES);
        long w = near(b, shape.ldb(), columns, k, scratch + parts.right());
        Gemv.run(
                rows,
                columns,
                k,
                x,
                nearStride(shape.lda(), k),
                w,
                nearStride(shape.ldb(), k),
                c,
                ldc,
                4,
                accumulate,
                scratch);
    }

    /** Stored rows as F32: where they are, or widened copies. */
    private long near(long stored, long ld, int rows, int columns, long copies) {
        if (operands == DType.F32) {
            return stored;
        }
        for (int i = 0; i < rows; i++) {
            Bf16Conversion.widen(columns, stored + 2L * i * ld, copies + 4L * i * columns);
        }
        return copies;
    }

    /** Bytes from one of them to the next. */
    private long nearStride(long ld, int columns) {
        return 4 * (operands == DType.F32 ? ld : columns);
    }

    /** A tile, block of k after block of k. */
    private void blocks(int rows, int columns, long a, long b, long c, long ldc, long scratch) {
        int bytes = operands.bytes();
        PackedRows packedA = ROWS.get();
        for (int p = 0; p < shape.k(); p += blockK) {
            int depth = Math.min(blockK, shape.k() - p);
            int height = shape.transposeA() ? depth : rows;
            int width = shape.transposeA() ? rows : depth;
            long part = a + bytes * (shape.transposeA() ? (long) p * shape.lda() : p);
            long near = near(part, shape.lda(), height, width, scratch + SCRATCH_BYTES);
            packedA.pack(near, nearStride(shape.lda(), width), shape.transposeA(), rows, depth, layout);
            for (int j = 0; j < columns; j += GROUP * PANEL) {
                int count = Math.min(GROUP * PANEL, columns - j);
                long offset = shape.transposeB() ? (long) j * shape.ldb() + p : (long) p * shape.ldb() + j;
                long source = b + bytes * offset;
                multiply(source, rows, count, depth, packedA, c + 4L * j, ldc, accumulate || p > 0, scratch);
            }
        }
    }

    /** Packs a group of panels of B and multiplies all rows of the tile by them. */
    private void multiply(
            long b, int rows, int columns, int depth, PackedRows packedA, long c, long ldc, boolean add, long scratch) {
        long panels = scratch + PANEL_OFFSET;
        int height = shape.transposeB() ? columns : depth;
        int across = shape.transposeB() ? depth : columns;
        long near = near(b, shape.ldb(), height, across, scratch + parts.right());
        long ldb = nearStride(shape.ldb(), across);
        boolean direct = !shape.transposeB() && rows <= DIRECT_ROWS && columns % PANEL == 0;
        if (!direct) {
            pack(near, ldb, columns, depth, panels, scratch + TRANSPOSE_OFFSET);
        }
        for (int i = 0; i < rows; i += NEAR_ROWS) {
            int count = Math.min(NEAR_ROWS, rows - i);
            for (int j = 0; j < columns; j += PANEL) {
                int width = Math.min(PANEL, columns - j);
                long panel = direct ? near + 4L * j : panels + 4L * j * depth;
                long stride = direct ? ldb : width <= LANES ? 4L * LANES : 4L * PANEL;
                products.strips(
                        count, packedA, i / STRIP, panel, stride, width, c + i * ldc + 4L * j, ldc, add, scratch);
            }
        }
    }

    /** Whole rows of the tile, not groups of panels: short pieces a page apart are slower than what they save. */
    private void finish(RangeKernel epilogue, long c, int rows, int columns) {
        long from = (c - this.c) / 4;
        for (int i = 0; i < rows; i++) {
            epilogue.range(from, from + columns);
            from += shape.ldc();
        }
    }

    /** Packs columns of op(B), panel after panel; a last one of at most LANES columns takes half the width. */
    private void pack(long b, long ldb, int columns, int depth, long panels, long buffer) {
        int whole = columns / PANEL * PANEL;
        if (!shape.transposeB()) {
            // Row by row across the panels: reading a panel alone, a line from each row, is what the processor cannot
            // foresee.
            copyPanels(b, ldb, depth, whole, panels);
        }
        for (int j = shape.transposeB() ? 0 : whole; j < columns; j += PANEL) {
            int count = Math.min(PANEL, columns - j);
            int width = count <= LANES ? LANES : PANEL;
            long panel = panels + 4L * j * depth;
            if (shape.transposeB()) {
                Transpose.run(b + j * ldb, ldb, count, depth, panel, 4L * width, buffer);
            } else {
                copyEdge(b + 4L * j, ldb, depth, count, panel, width);
            }
        }
    }

    private static void copyPanels(long source, long ldb, int depth, int columns, long panels) {
        for (int p = 0; p < depth; p++) {
            long from = source + p * ldb;
            long to = panels + p * 4L * PANEL;
            for (int j = 0; j < columns; j += PANEL) {
                Memory.store(Memory.load(from), to);
                Memory.store(Memory.load(from + 4L * LANES), to + 4L * LANES);
                from += 4L * PANEL;
                to += 4L * PANEL * depth;
            }
        }
    }

    private static void copyEdge(long source, long ldb, int depth, int columns, long panel, int width) {
        for (int p = 0; p < depth; p++) {
            long from = source + p * ldb;
            long to = panel + 4L * p * width;
            for (int j = 0; j < columns; j++) {
                Memory.putFloat(to + 4L * j, Memory.getFloat(from + 4L * j));
            }
        }
    }
}
