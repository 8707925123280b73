package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;

/**
 * Machine code beside the garbage collector: collections that move the heap while packed rows are read from it change no bit, and no call keeps a collection
 * waiting for long (ADR 9).
 */
class CollectionsTest {
    /** {@code -Dnanochat4j.stress.seconds=600} for a long run. */
    private static final int SECONDS = Integer.getInteger("nanochat4j.stress.seconds", 3);

    private static final int MULTIPLIERS = 3;
    private static final int KEPT = 64;
    private static final int MOST_BYTES = 1 << 19;

    /** Microseconds. */
    private static final long BOUND = 200;

    private final Random random = new Random(23);

    /** A product that is computed again and again, and what must come of it. */
    private record Case(GemmShape shape, boolean tiles, MemorySegment a, MemorySegment b, byte[] expected) {
        static byte[] multiply(GemmShape shape, MemorySegment a, MemorySegment b, Parallel pool) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment c = arena.allocate(4L * shape.m() * shape.n(), Memory.ALIGNMENT);
                MemorySegment scratch = arena.allocate(Gemm.scratchBytes(shape, pool.threads()), Memory.ALIGNMENT);
                new Gemm(pool, scratch.address(), shape, false, a.address(), b.address(), c.address()).run();
                return c.toArray(ValueLayout.JAVA_BYTE);
            }
        }

        static byte[] tiles(GemmShape shape, MemorySegment a, MemorySegment b, Parallel pool, TileKernel kernel) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment c = arena.allocate(4L * shape.m() * shape.n(), Memory.ALIGNMENT);
                MemorySegment scratch = arena.allocate(TileGemm.scratchBytes(shape, pool.threads()), Memory.ALIGNMENT);
                new TileGemm(
                                kernel,
                                pool,
                                scratch.address(),
                                shape,
                                DType.F32,
                                DType.F32,
                                DType.F32,
                                false,
                                a.address(),
                                b.address(),
                                c.address())
                        .run();
                return c.toArray(ValueLayout.JAVA_BYTE);
            }
        }

        void check(Parallel pool) {
            byte[] actual = tiles ? tiles(shape, a, b, pool, TileKernel.CODE) : multiply(shape, a, b, pool);
            assertArrayEquals(expected, actual, shape + (tiles ? " on tiles" : ""));
        }
    }

    @Test
    @DisplayName(
            "threads multiply while another fills the heap and asks for collections: every product has the bits of the Vector API, of tiles those of their twin")
    void collections() throws Exception {
        assumeTrue(
                Products.of(true) != Products.VECTOR || TileGemm.obstacle().isEmpty(),
                () -> Products.explain(true) + "; " + TileGemm.explain(true));
        try (Arena arena = Arena.ofShared();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Case> cases = cases(arena);
            long before = collectionCount();
            long end = System.nanoTime() + SECONDS * 1_000_000_000L;
            Future<?> garbage = threads.submit(() -> fill(end));
            List<Callable<Integer>> multipliers = new ArrayList<>();
            for (int i = 0; i < MULTIPLIERS; i++) {
                multipliers.add(() -> multiply(cases, end));
            }
            int rounds = 0;
            for (Future<Integer> result : threads.invokeAll(multipliers)) {
                rounds += result.get();
            }
            garbage.get();
            long collections = collectionCount() - before;
            assertTrue(collections >= SECONDS, collections + " collections in " + rounds + " rounds");
        }
    }

    private List<Case> cases(Arena arena) {
        List<Case> cases = new ArrayList<>();
        try (Parallel pool = new Parallel(1)) {
            for (String transposed : List.of("NN", "NT", "TN")) {
                for (int[] size : new int[][] {{200, 70, 400}, {97, 131, 65}, {30, 16, 800}}) {
                    GemmShape shape = GemmShape.of(
                            size[0], size[1], size[2], transposed.charAt(0) == 'T', transposed.charAt(1) == 'T');
                    MemorySegment a = normal(arena, shape.m() * shape.k());
                    MemorySegment b = normal(arena, shape.k() * shape.n());
                    cases.add(new Case(shape, false, a, b, Case.multiply(shape, a, b, pool)));
                    if (TileGemm.obstacle().isEmpty()) {
                        cases.add(new Case(shape, true, a, b, Case.tiles(shape, a, b, pool, new TileTwin())));
                    }
                }
            }
        }
        return cases;
    }

    private MemorySegment normal(Arena arena, int count) {
        MemorySegment segment = arena.allocate(4L * count, Memory.ALIGNMENT);
        for (int i = 0; i < count; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return segment;
    }

    /** Pools come and go, so that their packed rows are young and are moved. */
    private static int multiply(List<Case> cases, long end) {
        int rounds = 0;
        do {
            try (Parallel pool = new Parallel(2, Products.of(true))) {
                for (int i = 0; i < 5; i++) {
                    cases.forEach(one -> one.check(pool));
                }
            }
            rounds++;
        } while (System.nanoTime() < end);
        return rounds;
    }

    private static void fill(long end) {
        byte[][] kept = new byte[KEPT][];
        Random random = new Random(29);
        for (int i = 0; System.nanoTime() < end; i++) {
            kept[random.nextInt(KEPT)] = new byte[random.nextInt(MOST_BYTES)];
            if (i % 500 == 0) {
                System.gc();
            }
        }
    }

    private static long collectionCount() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
    }

    @Test
    @DisplayName("the longest calls that kernels make take less than 200 microseconds, at the median of many")
    void longestCalls() {
        assumeTrue(Products.of(true) != Products.VECTOR, () -> Products.explain(true));
        Products code = Products.of(true);
        int width = 2048;
        int words = 64;
        PackedRows packed = new PackedRows(Gemm.NEAR_ROWS, Gemm.BLOCK_K);
        PackedRows.Layout layout = PackedRows.Layout.of(false, Gemm.BLOCK_K);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = normal(arena, width * words);
            MemorySegment b = normal(arena, width * Panels.WIDTH);
            MemorySegment c = normal(arena, Gemm.NEAR_ROWS * Panels.WIDTH);
            MemorySegment tile = normal(arena, MicroKernel.ROWS * Panels.WIDTH);
            packed.pack(a.address(), 4L * Gemm.BLOCK_K, false, Gemm.NEAR_ROWS, Gemm.BLOCK_K, layout);
            within(
                    "a block of a product",
                    () -> code.strips(
                            Gemm.NEAR_ROWS,
                            packed,
                            0,
                            b.address(),
                            Panels.BYTES,
                            Panels.WIDTH,
                            c.address(),
                            Panels.BYTES,
                            true,
                            tile.address()));
            within(
                    "a tile of logits",
                    () -> code.rows(
                            words, a.address(), 4L * width, width, b.address(), c.address(), Panels.BYTES, false));
        }
    }

    @Test
    @DisplayName("so do the longest calls on tiles")
    void longestTileCalls() {
        assumeTrue(TileGemm.obstacle().isEmpty(), () -> TileGemm.explain(true));
        int blocks = TileTiling.MAX_ROWS / TilePacking.UNIT;
        int steps = TileGemm.BLOCK_STEPS;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = arena.allocate((long) blocks * steps * TilePacking.UNIT_BYTES, Memory.ALIGNMENT);
            MemorySegment b = arena.allocate((long) steps * TilePacking.UNIT_BYTES, Memory.ALIGNMENT);
            MemorySegment c = arena.allocate(4L * TileTiling.MAX_ROWS * TilePacking.UNIT, Memory.ALIGNMENT);
            within(
                    "a block of tiles",
                    () -> TileKernel.CODE.multiply(
                            blocks, steps, a.address(), b.address(), c.address(), 4L * TilePacking.UNIT, true));
        }
    }

    private static void within(String name, Runnable call) {
        long[] times = new long[1000];
        for (int i = 0; i < times.length; i++) {
            long start = System.nanoTime();
            call.run();
            times[i] = System.nanoTime() - start;
        }
        Arrays.sort(times);
        long median = times[times.length / 2] / 1000;
        assertTrue(median < BOUND, name + " takes " + median + " microseconds");
    }
}
