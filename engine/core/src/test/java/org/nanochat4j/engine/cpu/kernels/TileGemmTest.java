package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;

/**
 * C = op(A) op(B) by tiles, on the matrix unit where there is one, else with its micro-kernel in plain Java: against sums in the order that is promised, and in
 * double precision.
 */
class TileGemmTest {
    /** {@code -Dnanochat4j.shapes=10000} for a long run. */
    private static final int SHAPES = Integer.getInteger("nanochat4j.shapes", 500);

    private static final int[] EDGES = {1, 2, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 96, 97, 128};
    private static final TileKernel KERNEL = TileTwin.orTiles();
    private static final long PACKED_BYTES = 1 << 17;

    private final Random random = new Random(31);

    /** A product with its operands. */
    private record Product(
            GemmShape shape, DType typeA, DType typeB, DType typeC, boolean accumulate, long a, long b, long c) {
        long bytesA() {
            return typeA.bytes()
                    * extent(
                            shape.strideA(),
                            shape.transposeA() ? shape.k() : shape.m(),
                            shape.transposeA() ? shape.m() : shape.k(),
                            shape.lda());
        }

        long bytesB() {
            return typeB.bytes()
                    * extent(
                            shape.strideB(),
                            shape.transposeB() ? shape.n() : shape.k(),
                            shape.transposeB() ? shape.k() : shape.n(),
                            shape.ldb());
        }

        long bytesC() {
            return typeC.bytes() * extent(shape.strideC(), shape.m(), shape.n(), shape.ldc());
        }

        /** Elements from the first to the last. */
        private long extent(long stride, int rows, int columns, int leading) {
            return (shape.batch() - 1) * stride + (rows - 1L) * leading + columns;
        }

        Product at(LongUnaryOperator allocator) {
            return new Product(
                    shape,
                    typeA,
                    typeB,
                    typeC,
                    accumulate,
                    allocator.applyAsLong(bytesA()),
                    allocator.applyAsLong(bytesB()),
                    allocator.applyAsLong(bytesC()));
        }

        void run(Parallel pool) {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment scratch = arena.allocate(TileGemm.scratchBytes(shape, pool.threads(), PACKED_BYTES), 64);
                scratch.fill((byte) 0xff); // NaN wherever the packing leaves a hole
                gemm(pool, scratch).run();
            }
        }

        TileGemm gemm(Parallel pool, MemorySegment scratch) {
            return new TileGemm(
                    KERNEL, PACKED_BYTES, pool, scratch.address(), shape, typeA, typeB, typeC, accumulate, a, b, c);
        }

        float a(int member, int i, int p) {
            return get(
                    typeA,
                    a,
                    member * shape.strideA()
                            + (shape.transposeA() ? (long) p * shape.lda() + i : (long) i * shape.lda() + p));
        }

        float b(int member, int p, int j) {
            return get(
                    typeB,
                    b,
                    member * shape.strideB()
                            + (shape.transposeB() ? (long) j * shape.ldb() + p : (long) p * shape.ldb() + j));
        }

        /** What element (i, j) must become: the order of additions is that of the micro-kernel. */
        float expected(int member, int i, int j, float[] rowOfA, float[] columnOfB) {
            float sum = accumulate ? get(typeC, c, at(member, i, j)) : 0;
            for (int step = 0; step < shape.k(); step += 32) {
                float even = 0;
                float odd = 0;
                for (int p = step; p < Math.min(shape.k(), step + 32); p += 2) {
                    even = Math.fma(rowOfA[p], columnOfB[p], even);
                    odd = p + 1 < shape.k() ? Math.fma(rowOfA[p + 1], columnOfB[p + 1], odd) : odd;
                }
                sum += even + odd;
            }
            return typeC == DType.BF16 ? rounded(sum) : sum;
        }

        long at(int member, int i, int j) {
            return member * shape.strideC() + (long) i * shape.ldc() + j;
        }
    }

    @Test
    @DisplayName(
            "random shapes 1 to 300: all transposes, types, leading dimensions, batches, shared operands, accumulation")
    void randomShapes() {
        try (Parallel pool = new Parallel(2)) {
            for (int trial = 0; trial < SHAPES; trial++) {
                try (Arena arena = Arena.ofShared()) {
                    check(
                            pool,
                            random(trial).at(bytes -> arena.allocate(bytes, 64).address()));
                }
            }
        }
    }

    @Test
    @DisplayName("nothing outside the operands is read or written")
    void guards() {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are asked for as on Linux");
        try (Parallel pool = new Parallel(2)) {
            for (int trial = 0; trial < 100; trial++) {
                Product shape = random(trial);
                try (GuardedMemory a = new GuardedMemory(shape.bytesA());
                        GuardedMemory b = new GuardedMemory(shape.bytesB());
                        GuardedMemory c = new GuardedMemory(shape.bytesC())) {
                    check(
                            pool,
                            new Product(
                                    shape.shape,
                                    shape.typeA,
                                    shape.typeB,
                                    shape.typeC,
                                    shape.accumulate,
                                    a.address(),
                                    b.address(),
                                    c.address()));
                }
            }
        }
    }

    @Test
    @DisplayName("more panels and members than are packed at a time, several tasks, several blocks of k")
    void large() {
        GemmShape[] shapes = {
            GemmShape.of(40, 600, 1100, false, false),
            GemmShape.of(70, 1100, 90, false, true),
            GemmShape.of(450, 40, 520, true, false),
            GemmShape.batched(7, 33, 65, 200, true, true),
            GemmShape.of(1, 1, 3000, false, true)
        };
        try (Parallel pool = new Parallel(3)) {
            for (GemmShape shape : shapes) {
                for (DType typeC : new DType[] {DType.F32, DType.BF16}) {
                    try (Arena arena = Arena.ofShared()) {
                        check(
                                pool,
                                new Product(shape, DType.BF16, DType.F32, typeC, typeC == DType.F32, 0, 0, 0)
                                        .at(bytes -> arena.allocate(bytes, 64).address()));
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("the same bytes with 1, 2 and 5 threads")
    void threads() {
        for (int trial = 0; trial < 20; trial++) {
            try (Arena arena = Arena.ofShared()) {
                Product product =
                        random(trial).at(bytes -> arena.allocate(bytes, 64).address());
                MemorySegment c = MemorySegment.ofAddress(product.c).reinterpret(product.bytesC());
                fill(product);
                byte[] before = c.toArray(ValueLayout.JAVA_BYTE);
                byte[] expected = null;
                for (int threads : new int[] {1, 2, 5}) {
                    try (Parallel pool = new Parallel(threads)) {
                        MemorySegment.copy(before, 0, c, ValueLayout.JAVA_BYTE, 0, before.length);
                        product.run(pool);
                    }
                    byte[] actual = c.toArray(ValueLayout.JAVA_BYTE);
                    if (expected != null) {
                        assertArrayEquals(expected, actual, product.shape + " threads " + threads);
                    }
                    expected = actual;
                }
            }
        }
    }

    @Test
    @DisplayName("as near to the product of the rounded operands as F32 sums are")
    void accuracy() {
        GemmShape shape = GemmShape.of(50, 60, 700, false, true);
        try (Parallel pool = new Parallel(1);
                Arena arena = Arena.ofShared()) {
            Product product = new Product(shape, DType.F32, DType.F32, DType.F32, false, 0, 0, 0)
                    .at(bytes -> arena.allocate(bytes, 64).address());
            fill(product);
            product.run(pool);
            for (int i = 0; i < shape.m(); i++) {
                for (int j = 0; j < shape.n(); j++) {
                    double sum = 0;
                    double magnitude = 0;
                    for (int p = 0; p < shape.k(); p++) {
                        double term = (double) rounded(product.a(0, i, p)) * rounded(product.b(0, p, j));
                        sum += term;
                        magnitude += Math.abs(term);
                    }
                    // A term passes 16 additions in its step, one more, and those of the 22 steps.
                    assertEquals(sum, get(DType.F32, product.c, product.at(0, i, j)), 39 * 0x1p-24 * magnitude);
                }
            }
        }
    }

    @Test
    @DisplayName("rounding: ties to even, overflow to infinity, denormals, NaN")
    void rounding() {
        float[] values = {
            0f,
            -0f,
            1f,
            0x1.01p0f,
            0x1.03p0f,
            0x1.010002p0f,
            0x1.00fffep0f,
            -0x1.01p0f,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.MIN_VALUE,
            0x1.8p-133f,
            0x1p-134f,
            0x1.02p-127f,
            Float.NaN,
            Float.intBitsToFloat(0x7f800001),
            Float.intBitsToFloat(0xffffffff)
        };
        try (Buffers buffers = new Buffers(1)) {
            int count = 3 * values.length;
            float[] repeated = new float[count];
            for (int i = 0; i < count; i++) {
                repeated[i] = values[i % values.length];
            }
            long source = buffers.of(repeated);
            long target = buffers.empty((count + 1) / 2);
            TilePacking.roundRows(source, 0, 1, count, target, 0);
            for (int i = 0; i < count; i++) {
                float actual = get(DType.BF16, target, i);
                assertEquals(rounded(repeated[i]), actual, "of " + repeated[i]);
            }
            buffers.checkGuards();
        }
    }

    @Test
    @DisplayName("a warmed-up run allocates nothing beyond what the micro-kernel in plain Java does")
    void allocation() {
        GemmShape shape = GemmShape.of(70, 70, 70, true, true);
        try (Parallel pool = new Parallel(1);
                Arena arena = Arena.ofShared()) {
            MemorySegment scratch = arena.allocate(TileGemm.scratchBytes(shape, 1, PACKED_BYTES), 64);
            for (DType type : new DType[] {DType.F32, DType.BF16}) {
                Product p = new Product(shape, type, type, type, false, 0, 0, 0)
                        .at(bytes -> arena.allocate(bytes, 64).address());
                fill(p);
                TileKernel nothing = (blocks, steps, a, b, c, ldc, add) -> {};
                Buffers.assertAllocatesNothing(
                        new TileGemm(
                                nothing,
                                PACKED_BYTES,
                                pool,
                                scratch.address(),
                                shape,
                                type,
                                type,
                                type,
                                false,
                                p.a,
                                p.b,
                                p.c),
                        5000);
            }
        }
    }

    @Test
    @DisplayName("types that cannot be packed or added are refused")
    void refused() {
        GemmShape shape = GemmShape.of(2, 2, 2, false, false);
        try (Parallel pool = new Parallel(1)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new TileGemm(
                            TileKernel.CODE, pool, 0, shape, DType.F32, DType.F32, DType.BF16, true, 0, 0, 0));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new TileGemm(
                            TileKernel.CODE, pool, 0, shape, DType.I8, DType.F32, DType.F32, false, 0, 0, 0));
        }
    }

    /** A random product without addresses. */
    private Product random(int trial) {
        boolean edge = trial % 2 == 0;
        int m = dimension(edge);
        int n = dimension(edge);
        int k = dimension(edge);
        boolean transposeA = random.nextBoolean();
        boolean transposeB = random.nextBoolean();
        int batch = random.nextInt(4) == 0 ? 2 + random.nextInt(2) : 1;
        int lda = (transposeA ? m : k) + random.nextInt(4);
        int ldb = (transposeB ? k : n) + random.nextInt(4);
        int ldc = n + random.nextInt(4);
        long strideA = random.nextInt(3) == 0 ? 0 : (long) lda * (transposeA ? k : m) + random.nextInt(5);
        long strideB = random.nextInt(3) == 0 ? 0 : (long) ldb * (transposeB ? n : k) + random.nextInt(5);
        GemmShape shape = new GemmShape(
                batch,
                m,
                n,
                k,
                transposeA,
                transposeB,
                lda,
                ldb,
                ldc,
                strideA,
                strideB,
                (long) ldc * m + random.nextInt(5));
        DType typeC = type();
        return new Product(shape, type(), type(), typeC, typeC == DType.F32 && random.nextBoolean(), 0, 0, 0);
    }

    private int dimension(boolean edge) {
        return edge ? EDGES[random.nextInt(EDGES.length)] : 1 + random.nextInt(300);
    }

    private DType type() {
        return random.nextBoolean() ? DType.F32 : DType.BF16;
    }

    private void fill(Product product) {
        fill(product.typeA, product.a, product.bytesA());
        fill(product.typeB, product.b, product.bytesB());
        fill(product.typeC, product.c, product.bytesC());
    }

    private void fill(DType type, long address, long bytes) {
        for (long at = 0; at < bytes; at += type.bytes()) {
            float value = (float) random.nextGaussian();
            if (type == DType.F32) {
                Memory.putFloat(address + at, value);
            } else {
                Memory.putShort(address + at, (short) (Float.floatToRawIntBits(value) >>> 16));
            }
        }
    }

    /** Fills, runs, and compares every element of C, and that what lies between its rows stays as it was. */
    private void check(Parallel pool, Product product) {
        fill(product);
        GemmShape shape = product.shape;
        float[] expected = new float[(int) (product.bytesC() / product.typeC.bytes())];
        for (int at = 0; at < expected.length; at++) {
            expected[at] = get(product.typeC, product.c, at);
        }
        float[] row = new float[shape.k()];
        float[][] columns = new float[shape.n()][shape.k()];
        for (int member = 0; member < shape.batch(); member++) {
            for (int j = 0; j < shape.n(); j++) {
                for (int p = 0; p < shape.k(); p++) {
                    columns[j][p] = rounded(product.b(member, p, j));
                }
            }
            for (int i = 0; i < shape.m(); i++) {
                for (int p = 0; p < shape.k(); p++) {
                    row[p] = rounded(product.a(member, i, p));
                }
                for (int j = 0; j < shape.n(); j++) {
                    expected[(int) product.at(member, i, j)] = product.expected(member, i, j, row, columns[j]);
                }
            }
        }
        product.run(pool);
        for (int at = 0; at < expected.length; at++) {
            float actual = get(product.typeC, product.c, at);
            if (expected[at] != actual) {
                throw new AssertionError(product + " at " + at + ": " + actual + ", expected " + expected[at]);
            }
        }
    }

    private static float get(DType type, long address, long index) {
        return type == DType.F32
                ? Memory.getFloat(address + 4 * index)
                : Float.intBitsToFloat(Memory.getShort(address + 2 * index) << 16);
    }

    /** The nearer of the two neighbours in BF16, and the even one if both are as near. */
    private static float rounded(float x) {
        if (!Float.isFinite(x)) {
            return x;
        }
        int bits = Float.floatToRawIntBits(x) & 0xffff0000;
        double below = Float.intBitsToFloat(bits);
        float next = Float.intBitsToFloat(bits + 0x10000);
        double above = Float.isFinite(next) ? next : Math.copySign(0x1p128, x);
        double toBelow = Math.abs(x - below);
        double toAbove = Math.abs(above - x);
        boolean up = toBelow == toAbove ? (bits & 0x10000) != 0 : toAbove < toBelow;
        return up ? next : (float) below;
    }
}
