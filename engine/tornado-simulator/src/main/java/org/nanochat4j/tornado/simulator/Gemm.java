package org.nanochat4j.tornado.simulator;

import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * C = alpha op(A) op(B) + beta C with column-major matrices, op(A) (m, k), op(B) (k, n), C (m, n), in double precision.
 *
 * @param batch distances between the matrices of a batch
 */
@SuppressWarnings("ArrayRecordComponent")
record Gemm(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        float alpha,
        Matrix a,
        Matrix b,
        float beta,
        Matrix c,
        long[] batch) {

    /** A column-major matrix in an array. */
    private record Matrix(TornadoNativeArray array, int leading) {
        double get(long at) {
            int index = Math.toIntExact(at);
            return switch (array) {
                case FloatArray floats -> floats.get(index);
                case HalfFloatArray halves -> halves.get(index).getFloat32();
                case BFloat16Array halves -> halves.getFloat(index);
                default ->
                    throw new IllegalArgumentException(
                            "a matrix of " + array.getClass().getSimpleName());
            };
        }

        void set(long at, double value) {
            int index = Math.toIntExact(at);
            switch (array) {
                case FloatArray floats -> floats.set(index, (float) value);
                case HalfFloatArray halves ->
                    halves.set(index, new uk.ac.manchester.tornado.api.types.HalfFloat((float) value));
                case BFloat16Array halves -> halves.set(index, nearestEven((float) value));
                default ->
                    throw new IllegalArgumentException(
                            "a matrix of " + array.getClass().getSimpleName());
            }
        }

        /** The library rounds ties to even, the array's own conversion away from zero. */
        private static short nearestEven(float value) {
            int bits = Float.floatToRawIntBits(value);
            return Float.isNaN(value)
                    ? BFloat16.bf16FromFloat(value)
                    : (short) (bits + 0x7fff + (bits >> Short.SIZE & 1) >> Short.SIZE);
        }
    }

    /** transa, transb, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc. */
    static Gemm of(Object[] call) {
        return new Gemm(
                (Integer) call[0] != 0,
                (Integer) call[1] != 0,
                (Integer) call[2],
                (Integer) call[3],
                (Integer) call[4],
                (Float) call[5],
                new Matrix((TornadoNativeArray) call[6], (Integer) call[7]),
                new Matrix((TornadoNativeArray) call[8], (Integer) call[9]),
                (Float) call[10],
                new Matrix((TornadoNativeArray) call[11], (Integer) call[12]),
                new long[3]);
    }

    /** As {@link #of}, with the distance in a batch after each matrix. */
    static Gemm strided(Object[] call) {
        Object[] plain = {
            call[0], call[1], call[2], call[3], call[4], call[5], call[6], call[7], call[9], call[10], call[12],
            call[13], call[14]
        };
        Gemm gemm = of(plain);
        long[] batch = {(Long) call[8], (Long) call[11], (Long) call[15]};
        return new Gemm(
                gemm.transposeA,
                gemm.transposeB,
                gemm.m,
                gemm.n,
                gemm.k,
                gemm.alpha,
                gemm.a,
                gemm.b,
                gemm.beta,
                gemm.c,
                batch);
    }

    void run(int count) {
        for (int i = 0; i < count; i++) {
            run(i * batch[0], i * batch[1], i * batch[2]);
        }
    }

    private void run(long aAt, long bAt, long cAt) {
        for (int column = 0; column < n; column++) {
            for (int row = 0; row < m; row++) {
                double sum = 0;
                for (int i = 0; i < k; i++) {
                    sum += a.get(aAt + at(a, transposeA, row, i)) * b.get(bAt + at(b, transposeB, i, column));
                }
                long at = cAt + at(c, false, row, column);
                c.set(at, alpha * sum + (beta == 0 ? 0 : beta * c.get(at)));
            }
        }
    }

    private static long at(Matrix matrix, boolean transposed, int row, int column) {
        return transposed ? column + (long) row * matrix.leading : row + (long) column * matrix.leading;
    }
}
