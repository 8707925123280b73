package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.GemmTiling.ceil;

import java.util.Optional;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.cpu.code.TileRoutine;

/**
 * C (m, n) = op(A) op(B), or C += op(A) op(B), on the matrix unit of the processor, for a batch of row-major matrices: operands rounded to BF16, sums in F32.
 *
 * <p>As many columns of B as {@link #PACKED_BYTES} hold are packed by all threads together, with the whole of k; then C is cut into tasks ({@link TileTiling}).
 * A task takes k in blocks: it packs its rows of A and multiplies them by one panel of 32 columns of B after the other. A task whose part of C is F32
 * and whole panels adds up in C itself, all others in scratch. Every element of C is added up in the same order ({@link TileKernel}), in steps of
 * 32 from the first, starting at zero or at the old C: so no result depends on how C is cut.
 */
public final class TileGemm implements Kernel {
    private static final int UNIT = TilePacking.UNIT;
    private static final int UNIT_BYTES = TilePacking.UNIT_BYTES;

    /** Steps of a block of k: a panel of B of that length fits the nearest cache, and a call of the micro-kernel takes 10 microseconds. */
    static final int BLOCK_STEPS = 16;

    /** How much of B is packed at a time; more if k is so long that it would be less than {@link #LEAST_PANELS}. */
    static final long PACKED_BYTES = 32L << 20;

    private static final int LEAST_PANELS = 16;

    /** Panels and steps of one task of packing. */
    private static final int PACK_UNITS = 8;

    private final Parallel pool;
    private final GemmShape shape;
    private final DType typeC;
    private final boolean accumulate;
    private final TileKernel kernel;
    private final TilePacking packA;
    private final TilePacking packB;
    private final Plan plan;
    private final long scratch;
    private final Parallel.Task packTask = this::pack;
    private final Parallel.Task multiplyTask = this::multiply;
    private long a;
    private long b;
    private long c;
    private int firstMember;
    private int firstPanel;

    /**
     * What follows from the shape.
     *
     * @param steps of 32 along k
     * @param panels of 32 columns of B
     * @param membersOfB matrices B: 1 where all members of the batch share it
     * @param membersAtOnce of them packed together
     * @param panelsAtOnce of each packed together
     * @param tiling of what is multiplied by them
     * @param blockSteps steps of a block of k
     */
    private record Plan(
            int steps,
            int panels,
            int membersOfB,
            int membersAtOnce,
            int panelsAtOnce,
            TileTiling tiling,
            int blockSteps) {
        static Plan of(GemmShape shape, int threads, long packedBytes) {
            int steps = ceil(shape.k(), UNIT);
            int panels = ceil(shape.n(), UNIT);
            int membersOfB = shape.strideB() == 0 ? 1 : shape.batch();
            long panelBytes = (long) steps * UNIT_BYTES;
            int panelsAtOnce = (int) Math.min(panels, Math.max(LEAST_PANELS, packedBytes / panelBytes));
            int membersAtOnce =
                    panelsAtOnce < panels ? 1 : Math.clamp(packedBytes / (panelBytes * panels), 1, membersOfB);
            int together = membersOfB == 1 ? shape.batch() : membersAtOnce;
            TileTiling tiling = TileTiling.of(together, shape.m(), Math.min(shape.n(), panelsAtOnce * UNIT), threads);
            int blockSteps = ceil(steps, ceil(steps, BLOCK_STEPS));
            return new Plan(steps, panels, membersOfB, membersAtOnce, panelsAtOnce, tiling, blockSteps);
        }

        long panelBytes() {
            return (long) steps * UNIT_BYTES;
        }

        long packedBytes() {
            return panelBytes() * panelsAtOnce * membersAtOnce;
        }

        long rowsBytes() {
            return (long) tiling.rows() / UNIT * blockSteps * UNIT_BYTES;
        }

        long sumsBytes() {
            return 4L * tiling.rows() * tiling.columns();
        }

        /** Rows of A, sums, and what packing needs. */
        long bytesPerThread() {
            return rowsBytes() + sumsBytes() + TilePacking.SCRATCH_BYTES;
        }
    }

    /**
     * Binds a product to a pool and to addresses, which {@link #run(long, long, long)} may override.
     *
     * @param kernel usually {@link TileKernel#CODE}
     * @param scratch 64-byte aligned, {@link #scratchBytes} long; kernels that do not run at the same time may share it
     * @param typeA F32, which is rounded, or BF16
     * @param typeB F32, which is rounded, or BF16
     * @param typeC F32, or BF16 for sums that are rounded at the end
     * @param accumulate adds to C, which is F32 then, instead of overwriting it
     */
    public TileGemm(
            TileKernel kernel,
            Parallel pool,
            long scratch,
            GemmShape shape,
            DType typeA,
            DType typeB,
            DType typeC,
            boolean accumulate,
            long a,
            long b,
            long c) {
        this(kernel, PACKED_BYTES, pool, scratch, shape, typeA, typeB, typeC, accumulate, a, b, c);
    }

    /** With so much of B packed at a time. */
    TileGemm(
            TileKernel kernel,
            long packedBytes,
            Parallel pool,
            long scratch,
            GemmShape shape,
            DType typeA,
            DType typeB,
            DType typeC,
            boolean accumulate,
            long a,
            long b,
            long c) {
        if (typeC != DType.F32 && (typeC != DType.BF16 || accumulate)) {
            throw new IllegalArgumentException("products are F32 or BF16, and are added to F32 only: " + typeC);
        }
        this.kernel = kernel;
        this.pool = pool;
        this.scratch = scratch;
        this.shape = shape;
        this.typeC = typeC;
        this.accumulate = accumulate;
        this.packA = new TilePacking(false, typeA, !shape.transposeA());
        this.packB = new TilePacking(true, typeB, shape.transposeB());
        this.plan = Plan.of(shape, pool.threads(), packedBytes);
        this.a = a;
        this.b = b;
        this.c = c;
    }

    /** Why this machine has no such products; empty if it has. The first call asks the system for the tile registers. */
    public static Optional<String> obstacle() {
        return TileRoutine.obstacle();
    }

    /**
     * Who multiplies BF16 and why, for people to read.
     *
     * @param machineCode whether machine code may be used
     */
    public static String explain(boolean machineCode) {
        String widened = "BF16 products by those of F32";
        return machineCode
                ? obstacle()
                        .map(why -> widened + ": " + why)
                        .orElse("BF16 products on the processor's matrix unit (AMX)")
                : widened + ", machine code is switched off";
    }

    /** Bytes of scratch: packed columns of B, and rows of A and sums for each thread. */
    public static long scratchBytes(GemmShape shape, int threads) {
        return scratchBytes(shape, threads, PACKED_BYTES);
    }

    static long scratchBytes(GemmShape shape, int threads, long packedBytes) {
        Plan plan = Plan.of(shape, threads, packedBytes);
        return plan.packedBytes() + plan.bytesPerThread() * threads;
    }

    /** Runs on other matrices of the same shape, which become the bound ones. */
    public void run(long a, long b, long c) {
        this.a = a;
        this.b = b;
        this.c = c;
        run();
    }

    @Override
    public void run() {
        TileTiling tiling = plan.tiling;
        for (firstMember = 0; firstMember < plan.membersOfB; firstMember += plan.membersAtOnce) {
            for (firstPanel = 0; firstPanel < plan.panels; firstPanel += plan.panelsAtOnce) {
                pool.run(membersOfB() * ceil(panels(), PACK_UNITS) * ceil(plan.steps, PACK_UNITS), packTask);
                int across = ceil(panels() * UNIT, tiling.columns());
                pool.run(members() * tiling.down() * across, multiplyTask);
            }
        }
    }

    /** Matrices B that are packed now. */
    private int membersOfB() {
        return Math.min(plan.membersAtOnce, plan.membersOfB - firstMember);
    }

    /** Matrices C that are multiplied now. */
    private int members() {
        return plan.membersOfB == 1 ? shape.batch() : membersOfB();
    }

    /** Panels of each B that are packed now. */
    private int panels() {
        return Math.min(plan.panelsAtOnce, plan.panels - firstPanel);
    }

    private long packed(int memberOfB, int panel) {
        return scratch + (memberOfB * (long) plan.panelsAtOnce + panel) * plan.panelBytes();
    }

    private long threadScratch(int worker) {
        return scratch + plan.packedBytes() + worker * plan.bytesPerThread();
    }

    private void pack(int index, int worker) {
        int across = ceil(panels(), PACK_UNITS);
        int down = ceil(plan.steps, PACK_UNITS);
        int member = index / (across * down);
        int panel = index / down % across * PACK_UNITS;
        int step = index % down * PACK_UNITS;
        int column = (firstPanel + panel) * UNIT;
        int row = step * UNIT;
        int size = packB.stored().bytes();
        long stride = (long) shape.ldb() * size;
        packB.pack(
                b
                        + (firstMember + member) * shape.strideB() * size
                        + (shape.transposeB()
                                ? column * stride + (long) row * size
                                : row * stride + (long) column * size),
                stride,
                Math.min(shape.n() - column, Math.min(PACK_UNITS, panels() - panel) * UNIT),
                Math.min(shape.k() - row, PACK_UNITS * UNIT),
                packed(member, panel) + (long) step * UNIT_BYTES,
                plan.panelBytes(),
                threadScratch(worker));
    }

    private void multiply(int index, int worker) {
        TileTiling tiling = plan.tiling;
        int across = ceil(panels() * UNIT, tiling.columns());
        int member = index / (tiling.down() * across);
        int row = index / across % tiling.down() * tiling.rows();
        int panel = index % across * tiling.columns() / UNIT;
        int panels = Math.min(tiling.columns() / UNIT, panels() - panel);
        int column = (firstPanel + panel) * UNIT;
        int rows = Math.min(tiling.rows(), shape.m() - row);
        int columns = Math.min(panels * UNIT, shape.n() - column);
        long buffer = threadScratch(worker);
        long packedRows = buffer + TilePacking.SCRATCH_BYTES;
        long sums = packedRows + plan.rowsBytes();
        long sumsStride = 4L * tiling.columns();
        long target =
                c + typeC.bytes() * ((firstMember + member) * shape.strideC() + (long) row * shape.ldc() + column);
        long targetStride = (long) typeC.bytes() * shape.ldc();
        boolean direct = typeC == DType.F32 && rows % UNIT == 0 && columns % UNIT == 0;
        if (accumulate && !direct) {
            copy(target, targetStride, rows, columns, sums, sumsStride);
        }
        int size = packA.stored().bytes();
        long stride = (long) shape.lda() * size;
        long source = a
                + (firstMember + member) * shape.strideA() * size
                + (shape.transposeA() ? (long) row * size : row * stride);
        int blocks = ceil(rows, UNIT);
        for (int step = 0; step < plan.steps; step += plan.blockSteps) {
            int steps = Math.min(plan.blockSteps, plan.steps - step);
            int first = step * UNIT;
            packA.pack(
                    source + (shape.transposeA() ? first * stride : (long) first * size),
                    stride,
                    rows,
                    Math.min(steps * UNIT, shape.k() - first),
                    packedRows,
                    (long) steps * UNIT_BYTES,
                    buffer);
            for (int j = 0; j < panels; j++) {
                long left = direct ? target + 4L * j * UNIT : sums + 4L * j * UNIT;
                kernel.multiply(
                        blocks,
                        steps,
                        packedRows,
                        packed(plan.membersOfB == 1 ? 0 : member, panel + j) + (long) step * UNIT_BYTES,
                        left,
                        direct ? targetStride : sumsStride,
                        accumulate || step > 0);
            }
        }
        if (typeC == DType.BF16) {
            TilePacking.roundRows(sums, sumsStride, rows, columns, target, targetStride);
        } else if (!direct) {
            copy(sums, sumsStride, rows, columns, target, targetStride);
        }
    }

    private static void copy(long source, long stride, int rows, int columns, long target, long targetStride) {
        for (int row = 0; row < rows; row++) {
            Memory.copy(source + row * stride, target + row * targetStride, 4L * columns);
        }
    }
}
