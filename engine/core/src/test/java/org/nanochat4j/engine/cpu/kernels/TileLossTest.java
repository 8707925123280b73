package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;

/** The loss on tiles, or by the micro-kernel's twin where there are none, beside the F32 kernel over the same rounded numbers. */
class TileLossTest {
    private static final int CHUNK = 64;
    private static final int RANGE = 96;

    private record Size(int rows, int width, int vocabulary, int padded) {}

    private static final List<Size> SIZES = List.of(
            new Size(1, 1, 1, 1),
            new Size(5, 8, 3, 4),
            new Size(70, 40, 100, 128),
            new Size(64, 32, 96, 96),
            new Size(150, 33, 301, 320),
            new Size(200, 64, 97, 97));

    /** Operands in BF16, the same in F32, and room for the results. */
    private static final class Case implements AutoCloseable {
        final Buffers buffers = new Buffers(41);
        final Size size;
        final long x;
        final long w;
        final long wideX;
        final long wideW;
        final long targets;
        final long mean = buffers.empty(1);
        final long losses;
        final long dx;
        final long wideDx;
        final long dw;

        Case(Size size) {
            this.size = size;
            int elementsX = size.rows * size.width;
            int elementsW = size.padded * size.width;
            wideX = buffers.normal(elementsX, 1);
            wideW = buffers.normal(elementsW, 0.7);
            x = rounded(wideX, elementsX);
            w = rounded(wideW, elementsW);
            Random random = new Random(5);
            targets = buffers.ofInts(random.ints(size.rows, -1, size.vocabulary).toArray());
            Memory.putInt(targets, 0);
            losses = buffers.empty(size.rows);
            dx = buffers.scratch(2L * elementsX);
            wideDx = buffers.empty(elementsX);
            dw = buffers.empty(elementsW);
        }

        /** The F32 numbers become those of BF16, too. */
        private long rounded(long wide, int count) {
            long narrow = buffers.scratch(2L * count);
            TilePacking.roundRows(wide, 0, 1, count, narrow, 0);
            NarrowRows.widen(DType.BF16, count, narrow, wide);
            return narrow;
        }

        private LossOperands operands(long x, long w, long dx, long dw) {
            return new LossOperands(
                    size.rows, size.width, size.vocabulary, size.padded, 15f, x, w, targets, mean, losses, dx, dw);
        }

        void tiles(Parallel pool, boolean differentiated) {
            long scratch = buffers.scratch(
                    TileLoss.scratchBytes(size.rows, size.width, size.vocabulary, CHUNK, RANGE, pool.threads()));
            new TileLoss(
                            TileTwin.orTiles(),
                            CHUNK,
                            RANGE,
                            pool,
                            scratch,
                            operands(x, w, differentiated ? dx : 0, differentiated ? dw : 0))
                    .run();
            if (differentiated) {
                NarrowRows.widen(DType.BF16, size.rows * size.width, dx, wideDx);
            }
            buffers.checkGuards();
        }

        void panels(Parallel pool) {
            long scratch = buffers.scratch(
                    VocabularyLoss.scratchBytes(size.rows, size.width, size.vocabulary, pool.threads()));
            new VocabularyLoss(pool, scratch, operands(wideX, wideW, wideDx, dw)).run();
        }

        List<float[]> results() {
            return List.of(
                    Buffers.floats(mean, 1),
                    Buffers.floats(losses, size.rows),
                    Buffers.floats(wideDx, size.rows * size.width),
                    Buffers.floats(dw, size.padded * size.width));
        }

        @Override
        public void close() {
            buffers.close();
        }
    }

    @Test
    @DisplayName("losses as of F32, gradients within the rounding of BF16 operands; edges, several chunks and ranges")
    void sameAsPanels() {
        for (Size size : SIZES) {
            try (Case one = new Case(size);
                    Parallel pool = new Parallel(2)) {
                one.panels(pool);
                List<float[]> expected = one.results();
                one.tiles(pool, true);
                List<float[]> actual = one.results();
                close(expected.get(0), actual.get(0), 1e-5, size + " mean");
                close(expected.get(1), actual.get(1), 1e-5, size + " losses");
                // Each term of a gradient carries two or three roundings of 2^-9.
                close(expected.get(2), actual.get(2), 0x1p-7, size + " dx");
                close(expected.get(3), actual.get(3), 0x1p-7, size + " dw");
            }
        }
    }

    @Test
    @DisplayName("the same losses without gradients; the same bits with one thread and with three")
    void sameBits() {
        for (Size size : SIZES) {
            try (Case one = new Case(size);
                    Parallel single = new Parallel(1);
                    Parallel three = new Parallel(3)) {
                one.tiles(single, true);
                List<float[]> expected = one.results();
                one.tiles(three, true);
                for (int i = 0; i < expected.size(); i++) {
                    assertArrayEquals(expected.get(i), one.results().get(i), size + " result " + i);
                }
                one.tiles(three, false);
                assertArrayEquals(expected.get(1), one.results().get(1), size + " losses alone");
            }
        }
    }

    @Test
    @DisplayName("caps that do not bound the exponentials are refused")
    void caps() {
        assertEquals(true, LossOperands.bounds(15f));
        assertEquals(false, LossOperands.bounds(Float.POSITIVE_INFINITY));
        assertEquals(false, LossOperands.bounds(80f));
        try (Parallel pool = new Parallel(1)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new TileLoss(
                            new TileTwin(), pool, 0, new LossOperands(1, 1, 1, 1, 80f, 0, 0, 0, 0, 0, 0, 0)));
        }
    }

    /** Relative to the largest expected. */
    private static void close(float[] expected, float[] actual, double tolerance, String name) {
        double most = 0;
        for (float value : expected) {
            most = Math.max(most, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance * most, name + " " + i);
        }
    }
}
