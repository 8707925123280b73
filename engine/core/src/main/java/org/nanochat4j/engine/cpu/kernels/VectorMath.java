package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Elementary functions over F32 memory: range reduction and a polynomial, the same arithmetic in every lane, also in the tail, on every machine.
 *
 * <p>{@code lanewise(EXP)} of the JDK calls a native library on some systems and scalar code on others, with different results; these functions use
 * additions, multiplications, FMAs and divisions only. Coefficients are minimax fits (Lawson's weighted least squares on Chebyshev nodes) for the
 * reduced range. NaN stays NaN. The largest relative errors are asserted in the test: exp and exp2 1.5e-7, tanh and sigmoid 2e-7.
 *
 * <p>They are loops over memory and not functions of vectors on purpose. Whether the compiler inlines a method of ours depends on how large the
 * compilation has grown (see {@link Panels}), and a vector that passes an uninlined call goes through the heap. Methods of the JDK's vectors are always
 * inlined, so a loop that calls nothing else is fast wherever it ends up.
 */
public final class VectorMath {
    /** log2(e), rounded to F32. */
    public static final float LOG2_E = 1.44269504f;

    /** 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits of the sum. */
    private static final float ROUND = 0x1.8p23f;

    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
    private static final int ONE_BITS = Float.floatToRawIntBits(1f);

    /** ln(2) in two parts, the first with trailing zeros: x - n ln(2) in two FMAs is nearly exact. */
    private static final float LN_2_HIGH = 0x1.62e4p-1f;

    private static final float LN_2_LOW = 0x1.7f7d1cp-20f;

    private VectorMath() {}

    /** y = e^x over the whole range: infinity above 88.72, subnormal below -87.3, 0 below -104; x and y may be the same address. */
    public static void exp(long x, long y, long n) {
        for (long i = 0; i < n; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(i, n);
            FloatVector a = fromMemorySegment(F, ALL, x + 4 * i, LITTLE_ENDIAN, mask);
            a = a.blend(89f, a.compare(GT, 89f)).blend(-104f, a.compare(LT, -104f));
            FloatVector shifted = a.fma(broadcast(F, LOG2_E), broadcast(F, ROUND));
            FloatVector exponent = shifted.sub(ROUND);
            FloatVector r = exponent.fma(broadcast(F, -LN_2_HIGH), a);
            r = exponent.fma(broadcast(F, -LN_2_LOW), r);
            FloatVector tail = r.fma(broadcast(F, 0x1.a032c8p-13f), broadcast(F, 0x1.6d7298p-10f));
            tail = tail.fma(r, broadcast(F, 0x1.11118ap-7f));
            tail = tail.fma(r, broadcast(F, 0x1.5554b0p-5f));
            tail = tail.fma(r, broadcast(F, 0x1.555554p-3f));
            tail = tail.fma(r, broadcast(F, 0.5f));
            FloatVector e = tail.fma(r.mul(r), r).add(1f);
            // 2^n in two factors: n goes from -150 to 128, beyond what the exponent of one float holds.
            IntVector bits = shifted.reinterpretAsInts().sub(ROUND_BITS);
            IntVector half = bits.lanewise(ASHR, 1);
            e = e.mul(half.lanewise(LSHL, 23).add(ONE_BITS).reinterpretAsFloats());
            e = e.mul(bits.sub(half).lanewise(LSHL, 23).add(ONE_BITS).reinterpretAsFloats());
            e.intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN, mask);
        }
    }

    /** y = 1 / (1 + e^-x), with a small relative error on both sides; x and y must differ. */
    public static void sigmoid(long x, long y, long n) {
        for (long i = 0; i < n; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(i, n);
            FloatVector a = fromMemorySegment(F, ALL, x + 4 * i, LITTLE_ENDIAN, mask);
            a.abs().neg().intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN, mask);
        }
        exp(y, y, n);
        for (long i = 0; i < n; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(i, n);
            FloatVector a = fromMemorySegment(F, ALL, x + 4 * i, LITTLE_ENDIAN, mask);
            FloatVector e = fromMemorySegment(F, ALL, y + 4 * i, LITTLE_ENDIAN, mask);
            FloatVector numerator = e.blend(1f, a.compare(GE, 0f));
            numerator.div(e.add(1f)).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN, mask);
        }
    }

    /**
     * y = outer tanh(inner x), with a small relative error also near 0; x and y may be the same address.
     *
     * <p>tanh |x| = (e^2|x| - 1) / (e^2|x| + 1), the numerator by an expm1: 2^n expm1(r) + (2^n - 1).
     */
    public static void tanh(long x, long y, long n, float inner, float outer) {
        for (long i = 0; i < n; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(i, n);
            FloatVector a =
                    fromMemorySegment(F, ALL, x + 4 * i, LITTLE_ENDIAN, mask).mul(inner);
            FloatVector twice = a.abs();
            twice = twice.add(twice);
            twice = twice.blend(20f, twice.compare(GT, 20f));
            FloatVector shifted = twice.fma(broadcast(F, LOG2_E), broadcast(F, ROUND));
            FloatVector exponent = shifted.sub(ROUND);
            FloatVector r = exponent.fma(broadcast(F, -LN_2_HIGH), twice);
            r = exponent.fma(broadcast(F, -LN_2_LOW), r);
            FloatVector tail = r.fma(broadcast(F, 0x1.a032c8p-13f), broadcast(F, 0x1.6d7298p-10f));
            tail = tail.fma(r, broadcast(F, 0x1.11118ap-7f));
            tail = tail.fma(r, broadcast(F, 0x1.5554b0p-5f));
            tail = tail.fma(r, broadcast(F, 0x1.555554p-3f));
            tail = tail.fma(r, broadcast(F, 0.5f));
            FloatVector expm1 = tail.fma(r.mul(r), r);
            // The rounded exponent stands in the low bits; shifting pushes the bits of ROUND out.
            FloatVector power =
                    shifted.reinterpretAsInts().lanewise(LSHL, 23).add(ONE_BITS).reinterpretAsFloats();
            FloatVector numerator = power.fma(expm1, power.sub(1f));
            FloatVector t = numerator.div(numerator.add(2f));
            t = t.reinterpretAsInts()
                    .or(a.reinterpretAsInts().and(Integer.MIN_VALUE))
                    .reinterpretAsFloats();
            t.mul(outer).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN, mask);
        }
    }

    /**
     * y = 2^(x - row) for rows of one vector each; 0 where the exponent is below -126. Exponents must not exceed 126.
     *
     * <p>Softmax keeps its scores in units of log2(e): so it needs no reduction by ln(2).
     *
     * @param x address of the first vector
     * @param y address of the first result, may be x
     * @param ld bytes from one vector to the next
     * @param minus address of the vector that is subtracted from each
     */
    static void exp2Rows(long x, long y, long ld, int rows, long minus) {
        FloatVector m = fromMemorySegment(F, ALL, minus, LITTLE_ENDIAN);
        for (int i = 0; i < rows; i++) {
            FloatVector a = fromMemorySegment(F, ALL, x, LITTLE_ENDIAN).sub(m);
            VectorMask<Float> vanishes = a.compare(LT, -126f);
            FloatVector shifted = a.add(ROUND);
            FloatVector r = a.sub(shifted.sub(ROUND));
            FloatVector e = r.fma(broadcast(F, 0x1.41fa9cp-13f), broadcast(F, 0x1.5f4010p-10f));
            e = e.fma(r, broadcast(F, 0x1.3b2d52p-7f));
            e = e.fma(r, broadcast(F, 0x1.c6aee6p-5f));
            e = e.fma(r, broadcast(F, 0x1.ebfbdcp-3f));
            e = e.fma(r, broadcast(F, 0x1.62e430p-1f));
            e = e.fma(r, broadcast(F, 1f));
            // Adding to the exponent field multiplies by 2^n; the bits of ROUND are shifted out.
            IntVector power = shifted.reinterpretAsInts().lanewise(LSHL, 23);
            e = e.reinterpretAsInts().add(power).reinterpretAsFloats().blend(0f, vanishes);
            e.intoMemorySegment(ALL, y, LITTLE_ENDIAN);
            x += ld;
            y += ld;
        }
    }
}
