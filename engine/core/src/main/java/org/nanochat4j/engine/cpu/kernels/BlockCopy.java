package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Copies equally long blocks of elements of four bytes or two between two strided places: slices, padding, concatenation, shifts in time. */
public final class BlockCopy {
    private static final int VECTOR = 4 * LANES;

    private BlockCopy() {}

    /**
     * Binds a copy.
     *
     * @param blocks how many
     * @param bytes of each, even
     * @param source address of the first block
     * @param sourceStride bytes from one source block to the next
     * @param target address of the first target block
     * @param targetStride bytes from one target block to the next
     */
    public static Kernel of(
            Parallel pool, long blocks, long bytes, long source, long sourceStride, long target, long targetStride) {
        return new RowKernel(pool, blocks, bytes / 4) {
            @Override
            void row(long block) {
                long from = source + block * sourceStride;
                long to = target + block * targetStride;
                long i = 0;
                for (; i + VECTOR <= bytes; i += VECTOR) {
                    fromMemorySegment(F, ALL, from + i, LITTLE_ENDIAN).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
                }
                if (i + 4 <= bytes) {
                    VectorMask<Float> mask = F.indexInRange(0, (int) (bytes - i) / 4);
                    fromMemorySegment(F, ALL, from + i, LITTLE_ENDIAN, mask)
                            .intoMemorySegment(ALL, to + i, LITTLE_ENDIAN, mask);
                }
                if (bytes % 4 != 0) {
                    Memory.putShort(to + bytes - 2, Memory.getShort(from + bytes - 2));
                }
            }
        };
    }

    /**
     * Binds zeroing of strided blocks.
     *
     * @param blocks how many
     * @param bytes of each, even
     * @param target address of the first
     * @param stride bytes from one to the next
     */
    public static Kernel zero(Parallel pool, long blocks, long bytes, long target, long stride) {
        return new RowKernel(pool, blocks, bytes / 4) {
            @Override
            void row(long block) {
                long to = target + block * stride;
                FloatVector zero = FloatVector.zero(F);
                long i = 0;
                for (; i + VECTOR <= bytes; i += VECTOR) {
                    zero.intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
                }
                if (i + 4 <= bytes) {
                    zero.intoMemorySegment(ALL, to + i, LITTLE_ENDIAN, F.indexInRange(0, (int) (bytes - i) / 4));
                }
                if (bytes % 4 != 0) {
                    Memory.putShort(to + bytes - 2, (short) 0);
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
