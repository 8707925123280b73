package org.nanochat4j.engine.cpu.kernels;

import org.nanochat4j.engine.DType;

/**
 * Product of two BF16 matrices, or stacks of them, with F32 sums: both are widened, and the result is rounded once where it is BF16.
 *
 * <p>For processors that multiply F32 alone. The sums are those of {@link Gemm} over the same numbers, bit for bit.
 */
public final class Bf16Product implements Kernel {
    private final Kernel sequence;

    /**
     * Binds the kernel.
     *
     * @param scratch 64-byte aligned, {@link #scratchBytes} long
     * @param shape of the product, of packed matrices
     * @param result F32 or BF16
     * @param a address of (m, k) or (k, m)
     * @param b address of (k, n) or (n, k)
     * @param out address of (m, n)
     */
    public Bf16Product(Parallel pool, long scratch, GemmShape shape, DType result, long a, long b, long out) {
        long wideA = scratch;
        long wideB = wideA + bytes(elementsA(shape));
        long wideOut = wideB + bytes(elementsB(shape));
        boolean rounded = result == DType.BF16;
        long sums = rounded ? wideOut : out;
        long inner = wideOut + (rounded ? bytes(elementsOut(shape)) : 0);
        Kernel product = new Gemm(pool, inner, shape, false, wideA, wideB, sums);
        Kernel widenA = Bf16Conversion.widen(pool, elementsA(shape), a, wideA);
        Kernel widenB = Bf16Conversion.widen(pool, elementsB(shape), b, wideB);
        this.sequence = rounded
                ? BlockCopy.sequence(widenA, widenB, product, Bf16Conversion.round(pool, elementsOut(shape), sums, out))
                : BlockCopy.sequence(widenA, widenB, product);
    }

    /** Bytes of scratch for a pool of {@code threads}: F32 copies, and what the product needs. */
    public static long scratchBytes(GemmShape shape, DType result, int threads) {
        return bytes(elementsA(shape))
                + bytes(elementsB(shape))
                + (result == DType.BF16 ? bytes(elementsOut(shape)) : 0)
                + Gemm.scratchBytes(shape, threads);
    }

    private static long bytes(long elements) {
        return Memory.align(4 * elements);
    }

    private static long elementsA(GemmShape shape) {
        return (long) shape.batch() * shape.m() * shape.k();
    }

    private static long elementsB(GemmShape shape) {
        return (long) shape.batch() * shape.k() * shape.n();
    }

    private static long elementsOut(GemmShape shape) {
        return (long) shape.batch() * shape.m() * shape.n();
    }

    @Override
    public void run() {
        sequence.run();
    }
}
