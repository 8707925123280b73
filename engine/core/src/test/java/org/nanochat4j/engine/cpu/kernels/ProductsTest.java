package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Machine code gives the bits of the Vector API, and touches nothing outside its operands. */
class ProductsTest {
    private static final int SHAPES = 500;
    private static final int WIDTH = Panels.WIDTH;

    private final Random random = new Random(11);
    private final Products code = Products.of(true);

    @BeforeEach
    void needsMachineCode() {
        assumeTrue(code != Products.VECTOR, () -> Products.explain(true));
    }

    @Test
    @DisplayName("rows, stored and added")
    void rows() {
        for (int trial = 0; trial < SHAPES; trial++) {
            int m = 1 + random.nextInt(40);
            int k = 1 + random.nextInt(100);
            long stride = 4L * (k + random.nextInt(5));
            long ldc = 4L * (WIDTH + random.nextInt(5));
            boolean add = random.nextBoolean();
            compare(
                    (m - 1) * stride + 4L * k,
                    Panels.BYTES * k,
                    (m - 1) * ldc + Panels.BYTES,
                    (products, a, b, c) -> products.rows(m, a, stride, k, b, c, ldc, add),
                    "rows " + m + " " + k);
        }
    }

    @Test
    @DisplayName("columns, scaled and added")
    void columns() {
        for (int trial = 0; trial < SHAPES; trial++) {
            int m = 1 + random.nextInt(40);
            int k = 1 + random.nextInt(100);
            long step = 4L * (m + random.nextInt(5));
            long ldb = 4L * (WIDTH + random.nextInt(5));
            long ldc = 4L * (WIDTH + random.nextInt(5));
            try (GuardedMemory factor = new GuardedMemory(Panels.BYTES)) {
                fill(factor.address(), Panels.BYTES);
                compare(
                        (k - 1) * step + 4L * m,
                        (k - 1) * ldb + Panels.BYTES,
                        (m - 1) * ldc + Panels.BYTES,
                        (products, a, b, c) -> products.columns(m, a, step, k, b, ldb, c, ldc, factor.address()),
                        "columns " + m + " " + k);
            }
        }
    }

    @Test
    @DisplayName("packed strips, stored and added, also narrower than a panel")
    void strips() {
        PackedRows packed = new PackedRows(96, 64);
        try (GuardedMemory tile = new GuardedMemory(MicroKernel.TILE_BYTES)) {
            for (int trial = 0; trial < SHAPES; trial++) {
                int rows = 1 + random.nextInt(90);
                int k = 1 + random.nextInt(64);
                int columns = random.nextInt(3) == 0 ? 1 + random.nextInt(WIDTH) : WIDTH;
                int width = columns <= Memory.LANES ? Memory.LANES : WIDTH;
                long ldc = 4L * (columns + random.nextInt(5));
                boolean transposed = random.nextBoolean();
                boolean add = random.nextBoolean();
                PackedRows.Layout layout = PackedRows.Layout.of(transposed, 64);
                int first = random.nextInt(GemmTiling.ceil(rows, MicroKernel.ROWS));
                int m = rows - first * MicroKernel.ROWS;
                compare(
                        4L * rows * k,
                        4L * width * k,
                        (m - 1) * ldc + 4L * columns,
                        (products, a, b, c) -> {
                            packed.pack(a, transposed ? 4L * rows : 4L * k, transposed, rows, k, layout);
                            products.strips(m, packed, first, b, 4L * width, columns, c, ldc, add, tile.address());
                        },
                        "strips " + m + " " + k + " " + columns);
            }
        }
    }

    @Test
    @DisplayName("what is chosen is explained")
    void explanation() {
        assertEquals("F32 products by machine code for AVX2", Products.explain(true));
        assertEquals(Products.VECTOR, Products.of(false));
        assertTrue(Products.explain(false).contains("switched off"), Products.explain(false));
    }

    @FunctionalInterface
    private interface Product {
        void run(Products products, long a, long b, long c);
    }

    /** Runs on operands that end where a page begins that nobody may touch. */
    private void compare(long bytesA, long bytesB, long bytesC, Product product, String name) {
        try (GuardedMemory a = new GuardedMemory(bytesA);
                GuardedMemory b = new GuardedMemory(bytesB);
                GuardedMemory c = new GuardedMemory(bytesC)) {
            fill(a.address(), bytesA);
            fill(b.address(), bytesB);
            fill(c.address(), bytesC);
            byte[] before = c.bytes();
            product.run(Products.VECTOR, a.address(), b.address(), c.address());
            byte[] expected = c.bytes();
            c.set(before);
            product.run(code, a.address(), b.address(), c.address());
            assertArrayEquals(expected, c.bytes(), name);
            assertTrue(!Arrays.equals(before, expected), name + " computes something");
        }
    }

    private void fill(long address, long bytes) {
        for (long at = address; at < address + bytes; at += 4) {
            Memory.putFloat(at, (float) random.nextGaussian());
        }
    }
}
