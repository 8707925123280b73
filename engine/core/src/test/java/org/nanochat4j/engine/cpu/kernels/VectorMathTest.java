package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class VectorMathTest {
    private interface Function {
        void apply(long x, long y, long n);
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** Evenly spaced points of the range, and points that approach 0 from both sides. */
    private static void assertError(
            Function function, DoubleUnaryOperator exact, double low, double high, double tolerance) {
        int n = 200_003;
        try (Buffers buffers = new Buffers(1)) {
            long x = buffers.empty(n);
            long y = buffers.empty(n);
            for (int i = 0; i < n; i++) {
                double u = (double) i / n;
                double small = Math.exp(-80 * u);
                double value = switch (i % 4) {
                    case 0 -> small;
                    case 1 -> -small;
                    default -> low + (high - low) * u;
                };
                Memory.putFloat(x + 4L * i, (float) value);
            }
            function.apply(x, y, n);
            for (int i = 0; i < n; i++) {
                float argument = Memory.getFloat(x + 4L * i);
                double expected = exact.applyAsDouble(argument);
                double error = Math.abs(Memory.getFloat(y + 4L * i) - expected) / Math.abs(expected);
                assertTrue(error <= tolerance, "f(" + argument + ") has the relative error " + error);
            }
            buffers.checkGuards();
        }
    }

    @Test
    void exp() {
        assertError(VectorMath::exp, Math::exp, -87.3, 88.7, 1.5e-7);
    }

    @Test
    void sigmoid() {
        assertError(VectorMath::sigmoid, VectorMathTest::sigmoid, -87, 40, 2e-7);
    }

    @Test
    void tanh() {
        assertError((x, y, n) -> VectorMath.tanh(x, y, n, 1f, 1f), Math::tanh, -12, 12, 2e-7);
    }

    @Test
    @DisplayName("exp2Rows: 2^(x - row), 0 below 2^-126")
    void exp2() {
        int lanes = Memory.LANES;
        try (Buffers buffers = new Buffers(1)) {
            int rows = 3000;
            long x = buffers.empty((long) rows * lanes);
            long minus = buffers.empty(lanes);
            for (int lane = 0; lane < lanes; lane++) {
                Memory.putFloat(minus + 4L * lane, lane);
            }
            double[] expected = new double[rows * lanes];
            for (int i = 0; i < rows * lanes; i++) {
                float value = -140f + 260f * i / (rows * lanes);
                Memory.putFloat(x + 4L * i, value);
                float difference = value - i % lanes;
                expected[i] = difference < -126 ? 0 : Math.pow(2, difference);
            }
            VectorMath.exp2Rows(x, x, 4L * lanes, rows, minus);
            for (int i = 0; i < rows * lanes; i++) {
                assertEquals(expected[i], Memory.getFloat(x + 4L * i), 1.5e-7 * expected[i]);
            }
        }
    }

    @Test
    @DisplayName("NaN, infinities, zeros and subnormal numbers")
    void specialValues() {
        float[] x = {
            0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -104f, 89f, 1e-40f, -1e-40f, -95f
        };
        float[] exp = {
            1, 1, Float.NaN, Float.POSITIVE_INFINITY, 0, 0, Float.POSITIVE_INFINITY, 1, 1, (float) Math.exp(-95)
        };
        float[] tanh = {0, -0f, Float.NaN, 1, -1, -1, 1, 1e-40f, -1e-40f, -1};
        float[] sigmoid = {0.5f, 0.5f, Float.NaN, 1, 0, 0, 1, 0.5f, 0.5f, (float) Math.exp(-95)};
        try (Buffers buffers = new Buffers(1)) {
            long in = buffers.of(x);
            long out = buffers.empty(x.length);
            VectorMath.exp(in, out, x.length);
            assertArrayEquals(exp, Buffers.floats(out, x.length), 1e-44f);
            VectorMath.tanh(in, out, x.length, 1f, 1f);
            assertArrayEquals(tanh, Buffers.floats(out, x.length));
            VectorMath.sigmoid(in, out, x.length);
            assertArrayEquals(sigmoid, Buffers.floats(out, x.length), 1e-44f);
            buffers.checkGuards();
        }
    }

    @Test
    @DisplayName("a result depends neither on its lane nor on being in the tail")
    void positionsDoNotMatter() {
        int n = 70;
        try (Buffers buffers = new Buffers(5)) {
            long x = buffers.normal(n, 3);
            long all = buffers.empty(n);
            long one = buffers.empty(1);
            Function[] functions = {
                VectorMath::exp, VectorMath::sigmoid, (a, b, c) -> VectorMath.tanh(a, b, c, 1 / 15f, 15f)
            };
            for (Function function : functions) {
                function.apply(x, all, n);
                for (int i = 0; i < n; i++) {
                    function.apply(x + 4L * i, one, 1);
                    assertEquals(Memory.getFloat(all + 4L * i), Memory.getFloat(one));
                }
            }
        }
    }
}
