package org.nanochat4j.engine.cpu.kernels;

/**
 * Small matrix products C (m, 2 LANES) = A (m, k) B (k, 2 LANES), the arithmetic of {@link Gemm}, attention and the loss.
 *
 * <p>B has rows that are loaded as vectors, A single elements that are broadcast. Every element of C is one chain of fused multiply-adds in the order of k,
 * from zero, before the old C comes in: so all implementations give the same bits.
 */
public sealed interface Products permits VectorProducts, CodeProducts {
    /** By the Vector API, on every machine. */
    Products VECTOR = new VectorProducts();

    /**
     * The fastest that this machine has.
     *
     * @param machineCode whether machine code may be used, where there is any
     */
    static Products of(boolean machineCode) {
        return machineCode && CodeProducts.obstacle().isEmpty() ? new CodeProducts() : VECTOR;
    }

    /**
     * Which ones {@link #of} gives and why, for people to read.
     *
     * @param machineCode whether machine code may be used
     */
    static String explain(boolean machineCode) {
        String vector = "F32 products by the Vector API";
        return machineCode
                ? CodeProducts.obstacle()
                        .map(why -> vector + ", not by machine code: " + why)
                        .orElse("F32 products by machine code for AVX2")
                : vector + ", machine code is switched off";
    }

    /**
     * C = A B or C += A B, with A stored by rows and read where it lies.
     *
     * @param m rows of A and C
     * @param a address of A (m, k)
     * @param rowStride bytes from one row of A to the next
     * @param b address of B (k, WIDTH), rows {@link Panels#BYTES} apart
     * @param ldc bytes from one row of C to the next
     */
    void rows(int m, long a, long rowStride, int k, long b, long c, long ldc, boolean accumulate);

    /**
     * C = C diag(factor) + A B, with A stored by columns: element (i, j) of A lies at {@code a + 4 i + j stepStride}.
     *
     * @param m rows of A and C
     * @param a address of A, stored as (k, m)
     * @param stepStride bytes from one column of A to the next
     * @param b address of B (k, WIDTH)
     * @param ldb bytes from one row of B to the next
     * @param c address of C, of which the first {@code m} rows are updated: it must hold finite numbers
     * @param ldc bytes from one row of C to the next
     * @param factor address of WIDTH factors, one per column of C
     */
    void columns(int m, long a, long stepStride, int k, long b, long ldb, long c, long ldc, long factor);

    /**
     * C = A B or C += A B for packed strips of A, and for fewer columns than a panel has.
     *
     * @param m rows of C
     * @param a what was packed last, in whole strips
     * @param first the strip of A to begin with
     * @param b address of B (depth of a, columns rounded up to LANES or 2 LANES)
     * @param ldb bytes from one row of B to the next
     * @param columns columns of C to write, at most 2 LANES
     * @param ldc bytes from one row of C to the next
     * @param tile scratch of {@link MicroKernel#TILE_BYTES}, 64-byte aligned
     */
    void strips(
            int m,
            PackedRows a,
            int first,
            long b,
            long ldb,
            int columns,
            long c,
            long ldc,
            boolean accumulate,
            long tile);
}
