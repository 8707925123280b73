package org.nanochat4j.engine.cpu.kernels;

import org.nanochat4j.engine.cpu.code.TileRoutine;

/** The micro-kernel of {@link TileGemm}; packing of its operands: {@link TilePacking}. */
@FunctionalInterface
public interface TileKernel {
    /** The matrix unit of the processor; only where {@link TileGemm#obstacle} says nothing. */
    TileKernel CODE = TileRoutine::multiply;

    /**
     * C = A B or C += A B.
     *
     * <p>An element of C is added up in steps of 32 along k: the products of even k and those of odd k in two chains of fused multiply-adds from zero, then
     * the sum of both, which is added to C. Numbers below 2⁻¹²⁶ count as zero.
     *
     * @param blocks of 32 rows
     * @param steps of 32 along k
     * @param a address of A (32 blocks, 32 steps) in BF16, packed
     * @param b address of B (32 steps, 32) in BF16, packed
     * @param c address of C (32 blocks, 32) in F32
     * @param ldc bytes from one row of C to the next
     */
    void multiply(int blocks, int steps, long a, long b, long c, long ldc, boolean add);
}
