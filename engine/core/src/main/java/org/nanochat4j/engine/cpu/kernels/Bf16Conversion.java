package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.nanochat4j.engine.Bf16;

/** Conversion between F32 and BF16, which is the upper half of an F32. */
public final class Bf16Conversion {
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(I.vectorBitSize() / 2));

    private static final int MAGNITUDE = 0x7fffffff;
    private static final int INFINITY = 0x7f800000;
    private static final int QUIET = 0x400000;

    private Bf16Conversion() {}

    /** F32 to BF16, to nearest even; NaN stays NaN. */
    public static Kernel round(Parallel pool, long n, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                round(to - from, x + 4 * from, y + 2 * from);
            }
        };
    }

    /** BF16 to F32, exact. */
    public static Kernel widen(Parallel pool, long n, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                widen(to - from, x + 2 * from, y + 4 * from);
            }
        };
    }

    /** Rounds n numbers on the calling thread. */
    public static void round(long n, long x, long y) {
        long i = 0;
        for (; i + LANES <= n; i += LANES) {
            IntVector bits = IntVector.fromMemorySegment(I, ALL, x + 4 * i, LITTLE_ENDIAN);
            VectorMask<Integer> nan = bits.and(MAGNITUDE).compare(VectorOperators.GT, INFINITY);
            IntVector rounded = bits.add(0x7fff).add(bits.lanewise(LSHR, 16).and(1));
            rounded.blend(bits.or(QUIET), nan)
                    .lanewise(LSHR, 16)
                    .convertShape(VectorOperators.I2S, HALVES, 0)
                    .reinterpretAsShorts()
                    .intoMemorySegment(ALL, y + 2 * i, LITTLE_ENDIAN);
        }
        for (; i < n; i++) {
            Memory.putShort(y + 2 * i, Bf16.bits(Memory.getFloat(x + 4 * i)));
        }
    }

    /** Widens n numbers on the calling thread. */
    public static void widen(long n, long x, long y) {
        long i = 0;
        for (; i + LANES <= n; i += LANES) {
            ((IntVector) ShortVector.fromMemorySegment(HALVES, ALL, x + 2 * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                    .lanewise(LSHL, 16)
                    .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
        }
        for (; i < n; i++) {
            Memory.putInt(y + 4 * i, Memory.getShort(x + 2 * i) << 16);
        }
    }
}
