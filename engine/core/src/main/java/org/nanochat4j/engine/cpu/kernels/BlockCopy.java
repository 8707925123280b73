package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Copies equally long blocks of floats between two strided places: slices, padding, concatenation, shifts in time. */
public final class BlockCopy {
    private BlockCopy() {}

    /**
     * Binds a copy.
     *
     * @param blocks how many
     * @param length floats of each
     * @param source address of the first block
     * @param sourceStride floats from one source block to the next
     * @param target address of the first target block
     * @param targetStride floats from one target block to the next
     */
    public static Kernel of(
            Parallel pool, long blocks, long length, long source, long sourceStride, long target, long targetStride) {
        return new RowKernel(pool, blocks, length) {
            @Override
            void row(long block) {
                long from = source + 4 * block * sourceStride;
                long to = target + 4 * block * targetStride;
                long i = 0;
                for (; i + LANES <= length; i += LANES) {
                    fromMemorySegment(F, ALL, from + 4 * i, LITTLE_ENDIAN)
                            .intoMemorySegment(ALL, to + 4 * i, LITTLE_ENDIAN);
                }
                if (i < length) {
                    VectorMask<Float> mask = F.indexInRange(0, (int) (length - i));
                    fromMemorySegment(F, ALL, from + 4 * i, LITTLE_ENDIAN, mask)
                            .intoMemorySegment(ALL, to + 4 * i, LITTLE_ENDIAN, mask);
                }
            }
        };
    }

    /**
     * Binds zeroing of strided blocks.
     *
     * @param blocks how many
     * @param length floats of each
     * @param target address of the first
     * @param stride floats from one to the next
     */
    public static Kernel zero(Parallel pool, long blocks, long length, long target, long stride) {
        return new RowKernel(pool, blocks, length) {
            @Override
            void row(long block) {
                long to = target + 4 * block * stride;
                FloatVector zero = FloatVector.zero(F);
                long i = 0;
                for (; i + LANES <= length; i += LANES) {
                    zero.intoMemorySegment(ALL, to + 4 * i, LITTLE_ENDIAN);
                }
                if (i < length) {
                    zero.intoMemorySegment(ALL, to + 4 * i, LITTLE_ENDIAN, F.indexInRange(0, (int) (length - i)));
                }
            }
        };
    }

    /** Runs kernels one after the other. */
    public static Kernel sequence(Kernel... kernels) {
        return () -> {
            for (Kernel kernel : kernels) {
                kernel.run();
            }
        };
    }
}
