package org.nanochat4j.engine.cpu.kernels;

/**
 * The shape of a (batched) matrix product C (m, n) = op(A) op(B), all row-major F32.
 *
 * @param batch members of the batch, at least 1
 * @param m rows of op(A) and of C
 * @param n columns of op(B) and of C
 * @param k the inner dimension: columns of op(A), rows of op(B)
 * @param transposeA A is stored (k, m)
 * @param transposeB B is stored (n, k)
 * @param lda leading dimension of A as stored: elements from one row to the next
 * @param ldb leading dimension of B as stored, in elements
 * @param ldc leading dimension of C, in elements
 * @param strideA elements from one batch member of A to the next; 0 shares one A
 * @param strideB elements from one batch member of B to the next; 0 shares one B
 * @param strideC elements from one batch member of C to the next; members of C must not overlap
 */
public record GemmShape(
        int batch,
        int m,
        int n,
        int k,
        boolean transposeA,
        boolean transposeB,
        int lda,
        int ldb,
        int ldc,
        long strideA,
        long strideB,
        long strideC) {

    /** Checks that dimensions are positive and that rows do not overlap. */
    public GemmShape {
        if (batch < 1 || m < 1 || n < 1 || k < 1) {
            throw new IllegalArgumentException(
                    "GEMM dimensions must be at least 1: batch " + batch + ", m " + m + ", n " + n + ", k " + k);
        }
        requireLeading("A", lda, transposeA ? m : k);
        requireLeading("B", ldb, transposeB ? k : n);
        requireLeading("C", ldc, n);
        if (strideA < 0 || strideB < 0 || strideC < 0) {
            throw new IllegalArgumentException(
                    "GEMM batch strides must not be negative: " + strideA + ", " + strideB + ", " + strideC);
        }
        if (batch > 1 && strideC == 0) {
            throw new IllegalArgumentException("GEMM members of C overlap: strideC is 0 for a batch of " + batch);
        }
    }

    private static void requireLeading(String name, int leading, int columns) {
        if (leading < columns) {
            throw new IllegalArgumentException(
                    "GEMM leading dimension of " + name + " is " + leading + ", below its " + columns + " columns");
        }
    }

    /** One product of packed matrices: leading dimensions are the column counts. */
    public static GemmShape of(int m, int n, int k, boolean transposeA, boolean transposeB) {
        return batched(1, m, n, k, transposeA, transposeB);
    }

    /** A batch of products of packed matrices, one after the other in memory. */
    public static GemmShape batched(int batch, int m, int n, int k, boolean transposeA, boolean transposeB) {
        return new GemmShape(
                batch,
                m,
                n,
                k,
                transposeA,
                transposeB,
                transposeA ? m : k,
                transposeB ? k : n,
                n,
                (long) m * k,
                (long) k * n,
                (long) m * n);
    }

    /** Floating point operations of the whole batch: 2 m n k each. */
    public long flops() {
        return 2L * batch * m * n * k;
    }
}
