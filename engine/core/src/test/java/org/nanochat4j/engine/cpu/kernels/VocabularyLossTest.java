package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nanochat4j.engine.EngineException;

class VocabularyLossTest {
    private record Size(int rows, int width, int vocabulary, int padded, float cap) {}

    /** What one run reads and writes, and the same in double precision from the definition. */
    private static final class Case implements AutoCloseable {
        final Buffers buffers = new Buffers(31);
        final Size size;
        final long x;
        final long w;
        final int[] targets;
        final long targetIds;
        final long mean = buffers.empty(1);
        final long losses;
        final long dx;
        final long dw;

        double expectedMean;
        final double[] expectedLosses;
        final double[] expectedDx;
        final double[] expectedDw;
        final double[] logits;

        Case(Size size, double deviation, double ignored) {
            this.size = size;
            x = buffers.normal((long) size.rows * size.width, 1);
            w = buffers.normal((long) size.padded * size.width, deviation);
            losses = buffers.empty(size.rows);
            dx = buffers.empty((long) size.rows * size.width);
            dw = buffers.empty((long) size.padded * size.width);
            Random random = new Random(37);
            targets = new int[size.rows];
            for (int i = 0; i < size.rows; i++) {
                targets[i] = random.nextDouble() < ignored ? -1 : random.nextInt(size.vocabulary);
            }
            targetIds = buffers.ofInts(targets);
            expectedLosses = new double[size.rows];
            expectedDx = new double[size.rows * size.width];
            expectedDw = new double[size.padded * size.width];
            logits = new double[size.rows * size.vocabulary];
            define();
        }

        private void define() {
            double[] a = Buffers.doubles(x, size.rows * size.width);
            double[] b = Buffers.doubles(w, size.padded * size.width);
            int counted = 0;
            for (int target : targets) {
                counted += target >= 0 ? 1 : 0;
            }
            double total = 0;
            for (int i = 0; i < size.rows; i++) {
                double[] z = new double[size.vocabulary];
                double[] slope = new double[size.vocabulary];
                double maximum = Double.NEGATIVE_INFINITY;
                for (int v = 0; v < size.vocabulary; v++) {
                    double logit = 0;
                    for (int c = 0; c < size.width; c++) {
                        logit += a[i * size.width + c] * b[v * size.width + c];
                    }
                    boolean capped = size.cap != Float.POSITIVE_INFINITY;
                    z[v] = capped ? size.cap * Math.tanh(logit / size.cap) : logit;
                    slope[v] = capped ? 1 - Math.pow(z[v] / size.cap, 2) : 1;
                    logits[i * size.vocabulary + v] = z[v];
                    maximum = Math.max(maximum, z[v]);
                }
                if (targets[i] < 0) {
                    continue;
                }
                double sum = 0;
                for (double value : z) {
                    sum += Math.exp(value - maximum);
                }
                expectedLosses[i] = maximum + Math.log(sum) - z[targets[i]];
                total += expectedLosses[i];
                for (int v = 0; v < size.vocabulary; v++) {
                    double p = Math.exp(z[v] - maximum) / sum - (v == targets[i] ? 1 : 0);
                    double gradient = p * slope[v] / counted;
                    for (int c = 0; c < size.width; c++) {
                        expectedDx[i * size.width + c] += gradient * b[v * size.width + c];
                        expectedDw[v * size.width + c] += gradient * a[i * size.width + c];
                    }
                }
            }
            expectedMean = total / counted;
        }

        VocabularyLoss kernel(Parallel pool, boolean differentiated) {
            long scratch = buffers.scratch(
                    VocabularyLoss.scratchBytes(size.rows, size.width, size.vocabulary, pool.threads()));
            return new VocabularyLoss(
                    pool,
                    scratch,
                    new LossOperands(
                            size.rows,
                            size.width,
                            size.vocabulary,
                            size.padded,
                            size.cap,
                            x,
                            w,
                            targetIds,
                            mean,
                            losses,
                            differentiated ? dx : 0,
                            differentiated ? dw : 0));
        }

        /** Gradients are compared after multiplication by the number of rows, which brings them to the scale of x and w. */
        void check(double tolerance) {
            assertEquals(expectedMean, Memory.getFloat(mean), tolerance * Math.max(1, Math.abs(expectedMean)));
            Buffers.assertClose(expectedLosses, Buffers.floats(losses, size.rows), tolerance, "loss");
            Buffers.assertClose(times(expectedDx), times(Buffers.floats(dx, expectedDx.length)), tolerance, "dx");
            Buffers.assertClose(times(expectedDw), times(Buffers.floats(dw, expectedDw.length)), tolerance, "dw");
        }

        private double[] times(double[] values) {
            double[] result = values.clone();
            for (int i = 0; i < values.length; i++) {
                result[i] *= size.rows;
            }
            return result;
        }

        private float[] times(float[] values) {
            float[] result = values.clone();
            for (int i = 0; i < values.length; i++) {
                result[i] *= size.rows;
            }
            return result;
        }

        @Override
        public void close() {
            buffers.close();
        }
    }

    static List<Size> sizes() {
        float none = Float.POSITIVE_INFINITY;
        List<Size> sizes = new ArrayList<>(List.of(
                new Size(1, 1, 1, 1, 15),
                new Size(1, 8, 3, 64, 15),
                new Size(40, 32, 64, 64, 15),
                new Size(224, 16, 1030, 1088, 15),
                new Size(225, 24, 65, 128, 15),
                new Size(470, 96, 300, 320, 20),
                new Size(50, 33, 1500, 1536, none),
                new Size(300, 20, 130, 192, 100),
                new Size(33, 70, 2049, 2112, 15)));
        Random random = new Random(41);
        for (int i = 0; i < 12; i++) {
            int vocabulary = 1 + random.nextInt(400);
            float[] caps = {15, 15, 30, 80, none};
            sizes.add(new Size(
                    1 + random.nextInt(300),
                    1 + random.nextInt(100),
                    vocabulary,
                    (vocabulary + 63) / 64 * 64,
                    caps[random.nextInt(caps.length)]));
        }
        return sizes;
    }

    @ParameterizedTest
    @MethodSource("sizes")
    @DisplayName(
            "mean of log sum exp z - z[target], z = cap tanh(x wᵀ / cap); and its gradients; padding rows get exactly 0")
    void agreesWithTheDefinition(Size size) {
        try (Case c = new Case(size, 0.5, 0.2);
                Parallel pool = new Parallel(2, Products.of(true))) {
            c.kernel(pool, true).run();
            if (Double.isNaN(c.expectedMean)) {
                assertTrue(Float.isNaN(Memory.getFloat(c.mean)));
            } else {
                c.check(3e-6);
            }
            for (int i = size.vocabulary * size.width; i < size.padded * size.width; i++) {
                assertEquals(0f, Memory.getFloat(c.dw + 4L * i));
            }
            float mean = Memory.getFloat(c.mean);
            float[] losses = Buffers.floats(c.losses, size.rows);
            c.kernel(pool, false).run();
            assertEquals(mean, Memory.getFloat(c.mean), "without gradients");
            assertArrayEquals(losses, Buffers.floats(c.losses, size.rows), "without gradients");
            c.buffers.checkGuards();
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    @DisplayName("logits: cap tanh(x wᵀ / cap), cut to the vocabulary")
    void logits(Size size) {
        try (Case c = new Case(size, 0.5, 0);
                Parallel pool = new Parallel(2, Products.of(true))) {
            long out = c.buffers.empty((long) size.rows * size.vocabulary);
            GemmShape shape = GemmShape.of(size.rows, size.vocabulary, size.width, false, true);
            long scratch = c.buffers.scratch(Gemm.scratchBytes(shape, 2));
            Gemm product = new Gemm(pool, scratch, shape, false, c.x, c.w, out);
            new VocabularyLogits(pool, product, (long) size.rows * size.vocabulary, size.cap, out).run();
            Buffers.assertClose(c.logits, Buffers.floats(out, c.logits.length), 2e-6, "logits");
            c.buffers.checkGuards();
        }
    }

    @Test
    @DisplayName("the same bytes with one thread, two, and five")
    void threadsDoNotMatter() {
        Size size = new Size(300, 40, 700, 704, 15);
        try (Case c = new Case(size, 0.5, 0.1)) {
            List<float[]> one = List.of();
            for (int threads : new int[] {1, 2, 5}) {
                try (Parallel pool = new Parallel(threads, Products.of(true))) {
                    c.kernel(pool, true).run();
                }
                List<float[]> results = List.of(
                        Buffers.floats(c.mean, 1),
                        Buffers.floats(c.losses, size.rows),
                        Buffers.floats(c.dx, size.rows * size.width),
                        Buffers.floats(c.dw, size.padded * size.width));
                one = threads == 1 ? results : one;
                for (int i = 0; i < results.size(); i++) {
                    assertArrayEquals(one.get(i), results.get(i), "result " + i + " with " + threads + " threads");
                }
            }
        }
    }

    @Test
    @DisplayName("logits far beyond the cap, and in the thousands without one, stay finite")
    void largeLogits() {
        for (float cap : new float[] {15, 50, 1e4f, Float.POSITIVE_INFINITY}) {
            try (Case c = new Case(new Size(100, 32, 200, 256, cap), 40, 0);
                    Parallel pool = new Parallel(1, Products.of(true))) {
                c.kernel(pool, true).run();
                // Logits near 1,000 carry a rounding error near 1e-4, the relative error of a probability.
                c.check(cap < 100 ? 3e-5 : 3e-4);
            }
        }
    }

    @Test
    @DisplayName("all targets ignored: the mean is NaN, losses and gradients are 0")
    void allIgnored() {
        Size size = new Size(70, 12, 100, 128, 15);
        try (Case c = new Case(size, 1, 1);
                Parallel pool = new Parallel(2, Products.of(true))) {
            c.kernel(pool, true).run();
            assertTrue(Float.isNaN(Memory.getFloat(c.mean)));
            assertArrayEquals(new float[size.rows], Buffers.floats(c.losses, size.rows));
            assertArrayEquals(
                    new float[size.rows * size.width], Buffers.floats(c.dx, size.rows * size.width), Float.MIN_VALUE);
            assertArrayEquals(
                    new float[size.padded * size.width],
                    Buffers.floats(c.dw, size.padded * size.width),
                    Float.MIN_VALUE);
        }
    }

    @Test
    void refusesATargetOutsideTheVocabulary() {
        try (Case c = new Case(new Size(5, 4, 10, 64, 15), 1, 0);
                Parallel pool = new Parallel(1, Products.of(true))) {
            Memory.putInt(c.targetIds + 8, 10);
            assertThrows(EngineException.BadData.class, c.kernel(pool, true)::run);
        }
    }

    @Test
    @DisplayName("running allocates nothing once compiled")
    void allocatesNothing() {
        try (Case c = new Case(new Size(70, 40, 200, 256, 15), 1, 0.1);
                Parallel pool = new Parallel(1, Products.of(true))) {
            Buffers.assertAllocatesNothing(c.kernel(pool, true), 2000);
        }
    }
}
