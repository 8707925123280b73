package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nanochat4j.engine.DType;

class NarrowProductTest {
    /**
     * Vectors x (m, k) and a matrix in both forms: as it is stored, and widened by definition.
     *
     * @param scales of its rows, 1 where it is BF16
     */
    private record Case(
            DType stored, GemmShape shape, Buffers buffers, long x, long w, long wide, long scales, long out)
            implements AutoCloseable {
        static Case of(DType stored, int m, int n, int k) {
            Buffers buffers = new Buffers(31L * m + 7L * n + k);
            Random random = new Random(m + 100L * n + 10_000L * k);
            long elements = (long) n * k;
            long w = buffers.scratch(elements * stored.bytes());
            long wide = buffers.empty(elements);
            for (long i = 0; i < elements; i++) {
                short half = (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16);
                byte quarter = (byte) random.nextInt(256);
                if (stored == DType.BF16) {
                    Memory.putShort(w + 2 * i, half);
                } else {
                    Memory.putByte(w + i, quarter);
                }
                Memory.putFloat(wide + 4 * i, stored == DType.BF16 ? Float.intBitsToFloat(half << 16) : quarter);
            }
            long scales = buffers.empty(n);
            for (int j = 0; j < n; j++) {
                Memory.putFloat(scales + 4L * j, stored == DType.I8 ? (1 + j % 5) / 64f : 1);
            }
            GemmShape shape = GemmShape.of(m, n, k, false, true);
            return new Case(
                    stored,
                    shape,
                    buffers,
                    buffers.normal((long) m * k, 1),
                    w,
                    wide,
                    scales,
                    buffers.empty((long) m * n));
        }

        NarrowProduct kernel(Parallel pool) {
            long scratch = buffers.scratch(NarrowProduct.scratchBytes(shape, pool.threads()));
            return new NarrowProduct(pool, scratch, stored, shape, x, w, scales, out);
        }

        float[] run(int threads) {
            try (Parallel pool = new Parallel(threads)) {
                kernel(pool).run();
            }
            buffers.checkGuards();
            return Buffers.floats(out, shape.m() * shape.n());
        }

        /** The definition, in double precision. */
        double[] expected() {
            double[] y = new double[shape.m() * shape.n()];
            for (int i = 0; i < shape.m(); i++) {
                for (int j = 0; j < shape.n(); j++) {
                    double sum = 0;
                    for (int p = 0; p < shape.k(); p++) {
                        sum += (double) Memory.getFloat(x + 4L * (i * shape.k() + p))
                                * Memory.getFloat(wide + 4L * (j * shape.k() + p));
                    }
                    y[i * shape.n() + j] = sum * Memory.getFloat(scales + 4L * j);
                }
            }
            return y;
        }

        @Override
        public void close() {
            buffers.close();
        }
    }

    static List<Object[]> shapes() {
        List<Object[]> shapes = new ArrayList<>();
        Random random = new Random(3);
        for (DType stored : List.of(DType.BF16, DType.I8)) {
            for (int m = 1; m <= 9; m++) {
                shapes.add(new Object[] {stored, m, 1 + random.nextInt(70), 1 + random.nextInt(300)});
            }
            shapes.add(new Object[] {stored, 1, 1, 1});
            shapes.add(new Object[] {stored, 1, 3, 31});
            shapes.add(new Object[] {stored, 2, 131, 768});
            shapes.add(new Object[] {stored, 17, 130, 257});
            shapes.add(new Object[] {stored, 3, 5, 20_001}); // a row is longer than a task is wide
        }
        return shapes;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    @DisplayName("x wᵀ by definition, and nothing is written behind")
    void agreesWithTheDefinition(DType stored, int m, int n, int k) {
        try (Case c = Case.of(stored, m, n, k)) {
            Buffers.assertClose(c.expected(), c.run(2), 1e-6, "out");
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    @DisplayName("the same bytes with one thread, two, and three")
    void threadsDoNotMatter(DType stored, int m, int n, int k) {
        try (Case c = Case.of(stored, m, n, k)) {
            float[] one = c.run(1);
            assertArrayEquals(one, c.run(2));
            assertArrayEquals(one, c.run(3));
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    @DisplayName("the bytes of a row do not depend on how many rows there are")
    void rowsDoNotMatter(DType stored, int m, int n, int k) {
        try (Case c = Case.of(stored, m, n, k)) {
            float[] all = c.run(1);
            try (Parallel pool = new Parallel(1)) {
                GemmShape single = GemmShape.of(1, n, k, false, true);
                long scratch = c.buffers.scratch(NarrowProduct.scratchBytes(single, 1));
                long out = c.buffers.empty(n);
                long last = c.x + 4L * (m - 1) * k;
                new NarrowProduct(pool, scratch, stored, single, last, c.w, c.scales, out).run();
                float[] expected = java.util.Arrays.copyOfRange(all, (m - 1) * n, m * n);
                assertArrayEquals(expected, Buffers.floats(out, n));
            }
        }
    }

    @Test
    @DisplayName("BF16 gives the bits of the F32 product of the same numbers, for up to eight rows")
    void bitsOfF32() {
        for (int m = 1; m <= 8; m++) {
            try (Case c = Case.of(DType.BF16, m, 77, 403);
                    Parallel pool = new Parallel(2)) {
                float[] narrow = c.run(2);
                long scratch = c.buffers.scratch(Gemm.scratchBytes(c.shape, 2));
                long out = c.buffers.empty((long) m * 77);
                new Gemm(pool, scratch, c.shape, false, c.x, c.wide, out).run();
                assertArrayEquals(Buffers.floats(out, m * 77), narrow);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "I8"})
    @DisplayName("running allocates nothing once compiled, with one row and with three")
    void allocatesNothing(DType stored) {
        for (int m : new int[] {1, 3}) {
            try (Case c = Case.of(stored, m, 30, 75);
                    Parallel pool = new Parallel(1)) {
                Buffers.assertAllocatesNothing(c.kernel(pool), 5000);
            }
        }
    }
}
