package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.OR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;

/**
 * How an operand of {@link TileGemm} is packed for {@link TileKernel}: in units of 32 rows or columns by 32 along k, rounded to BF16 where it is F32.
 *
 * <p>A unit is two tiles, each for 16 rows or columns. A tile of the left operand has a row of 32 elements for each of its rows; a tile of the right operand
 * has a row of 16 pairs for each pair of k. Taken as 32-bit elements, pairs of k, the one is the transpose of the other. So there are two ways to read
 * a tile, along k ({@link #copy}) or across ({@link #zip}), and the result is transposed where the operand wants it the other way round. What is missing at
 * the edges becomes zero.
 *
 * @param right whether this is the right operand
 * @param stored F32 or BF16
 * @param rowsAlongK whether a row as stored has all of k: A not transposed, B transposed
 */
record TilePacking(boolean right, DType stored, boolean rowsAlongK) {
    /** Rows or columns of a unit, and its length along k. */
    static final int UNIT = 32;

    /** Bytes of a unit. */
    static final int UNIT_BYTES = 2 * UNIT * UNIT;

    private static final int SIDE = 16;
    private static final int ROW_BYTES = 64;
    private static final int TILE_BYTES = SIDE * ROW_BYTES;

    /** Bytes of scratch: a tile that waits for its transposition, and what that needs. */
    static final long SCRATCH_BYTES = Memory.align(TILE_BYTES + Transpose.BUFFER_BYTES);

    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

    TilePacking {
        if (stored != DType.F32 && stored != DType.BF16) {
            throw new IllegalArgumentException("tiles are packed from F32 or BF16, not " + stored);
        }
    }

    /**
     * Packs a part of an operand.
     *
     * @param source address of its first element
     * @param stride bytes from one row as stored to the next
     * @param count rows of the left operand, columns of the right one
     * @param depth elements along k
     * @param target of the first unit
     * @param unitStride bytes from a unit to that of the next 32 rows or columns; the units along k follow each other
     * @param scratch {@link #SCRATCH_BYTES}, 64-byte aligned
     */
    void pack(long source, long stride, int count, int depth, long target, long unitStride, long scratch) {
        // In the order of the rows as stored.
        int outer = rowsAlongK ? count : depth;
        int inner = rowsAlongK ? depth : count;
        for (int row = 0; row < outer; row += UNIT) {
            for (int column = 0; column < inner; column += UNIT) {
                long from = source + row * stride + (long) column * stored.bytes();
                int first = rowsAlongK ? row : column;
                int step = rowsAlongK ? column : row;
                long to = target + first / UNIT * unitStride + (long) step / UNIT * UNIT_BYTES;
                if (row + UNIT <= outer && column + UNIT <= inner) {
                    unit(from, stride, to, scratch);
                } else {
                    edge(from, stride, Math.min(UNIT, count - first), Math.min(UNIT, depth - step), to);
                }
            }
        }
    }

    private void unit(long source, long stride, long target, long scratch) {
        long next = SIDE * (rowsAlongK ? stride : stored.bytes());
        boolean transpose = right == rowsAlongK;
        for (int tile = 0; tile < 2; tile++) {
            long from = source + tile * next;
            long to = target + tile * (long) TILE_BYTES;
            if (!transpose) {
                read(from, stride, to);
            } else if (stored == DType.BF16 && rowsAlongK) {
                Transpose.run(from, stride, SIDE, SIDE, to, ROW_BYTES, scratch + TILE_BYTES);
            } else {
                read(from, stride, scratch);
                Transpose.run(scratch, ROW_BYTES, SIDE, SIDE, to, ROW_BYTES, scratch + TILE_BYTES);
            }
        }
    }

    private void read(long source, long stride, long target) {
        if (rowsAlongK) {
            if (stored == DType.F32) {
                roundRows(source, stride, SIDE, UNIT, target, ROW_BYTES);
            } else {
                copy(source, stride, target);
            }
        } else if (stored == DType.F32) {
            zipRounded(source, stride, target);
        } else {
            zip(source, stride, target);
        }
    }

    /** 16 rows of 32 elements as they are. */
    private static void copy(long source, long stride, long target) {
        for (int row = 0; row < SIDE; row++) {
            for (int at = 0; at < ROW_BYTES; at += 4 * LANES) {
                fromMemorySegment(F, ALL, source + row * stride + at, LITTLE_ENDIAN)
                        .intoMemorySegment(ALL, target + (long) row * ROW_BYTES + at, LITTLE_ENDIAN);
            }
        }
    }

    /** 16 pairs of rows of 16 elements, the elements of a pair side by side. */
    private static void zip(long source, long stride, long target) {
        for (int pair = 0; pair < SIDE; pair++) {
            long even = source + 2L * pair * stride;
            for (int at = 0; at < 2 * SIDE; at += 2 * LANES) {
                IntVector low = (IntVector) ShortVector.fromMemorySegment(HALVES, ALL, even + at, LITTLE_ENDIAN)
                        .convertShape(ZERO_EXTEND_S2I, I, 0);
                IntVector high =
                        (IntVector) ShortVector.fromMemorySegment(HALVES, ALL, even + stride + at, LITTLE_ENDIAN)
                                .convertShape(ZERO_EXTEND_S2I, I, 0);
                low.lanewise(OR, high.lanewise(LSHL, 16))
                        .intoMemorySegment(ALL, target + (long) pair * ROW_BYTES + 2L * at, LITTLE_ENDIAN);
            }
        }
    }

    /** The same from F32. */
    private static void zipRounded(long source, long stride, long target) {
        for (int pair = 0; pair < SIDE; pair++) {
            long even = source + 2L * pair * stride;
            for (int at = 0; at < ROW_BYTES; at += 4 * LANES) {
                IntVector low = IntVector.fromMemorySegment(I, ALL, even + at, LITTLE_ENDIAN);
                low = low.add(low.lanewise(LSHR, 16).lanewise(AND, 1))
                        .add(0x7fff)
                        .blend(
                                low.lanewise(OR, 0x400000),
                                low.lanewise(AND, 0x7fffffff).compare(GT, 0x7f800000));
                IntVector high = IntVector.fromMemorySegment(I, ALL, even + stride + at, LITTLE_ENDIAN);
                high = high.add(high.lanewise(LSHR, 16).lanewise(AND, 1))
                        .add(0x7fff)
                        .blend(
                                high.lanewise(OR, 0x400000),
                                high.lanewise(AND, 0x7fffffff).compare(GT, 0x7f800000));
                low.lanewise(LSHR, 16)
                        .lanewise(OR, high.lanewise(AND, 0xffff0000))
                        .intoMemorySegment(ALL, target + (long) pair * ROW_BYTES + at, LITTLE_ENDIAN);
            }
        }
    }

    /**
     * Rounds rows of F32 to BF16: to nearest, ties to even; NaN stays NaN.
     *
     * @param stride bytes from one row of F32 to the next
     * @param targetStride bytes from one row of BF16 to the next
     */
    static void roundRows(long source, long stride, int rows, int columns, long target, long targetStride) {
        for (int row = 0; row < rows; row++) {
            Bf16Conversion.round(columns, source + row * stride, target + row * targetStride);
        }
    }

    /** A unit that is not whole: element by element, see the edges of {@link MicroKernel}. */
    private void edge(long source, long stride, int count, int depth, long target) {
        for (int i = 0; i < UNIT; i++) {
            long side = target + (long) i / SIDE * TILE_BYTES;
            for (int p = 0; p < UNIT; p++) {
                long at = right
                        ? side + (long) p / 2 * ROW_BYTES + i % SIDE * 4L + p % 2 * 2L
                        : side + (long) i % SIDE * ROW_BYTES + 2L * p;
                boolean inside = i < count && p < depth;
                Memory.putShort(
                        at, inside ? element(source, rowsAlongK ? i * stride : p * stride, rowsAlongK ? p : i) : 0);
            }
        }
    }

    private short element(long source, long row, int column) {
        return stored == DType.BF16
                ? Memory.getShort(source + row + 2L * column)
                : Bf16.bits(Memory.getFloat(source + row + 4L * column));
    }
}
