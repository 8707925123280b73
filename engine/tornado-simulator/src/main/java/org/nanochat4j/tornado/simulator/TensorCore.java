package org.nanochat4j.tornado.simulator;

import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Tensor-core products of a warp, D (16, 8) = A (16, 16) B (16, 8) + C (16, 8). Each of the 32 lanes holds a part of every matrix:
 * with g = lane / 4 and t = lane % 4, of A the pairs from column 2 t of rows g and g + 8, then the same 8 columns on; of B the
 * pairs from row 2 t and from row 2 t + 8 of column g; of C and D the pairs from column 2 t of rows g and g + 8.
 *
 * <p>Source: the PTX instruction set, mma.m16n8k16.
 */
final class TensorCore {
    private static final int N = 8;
    private static final int K = 16;
    private static final int A_PART = 8;
    private static final int B_PART = 4;
    private static final int C_PART = 4;

    private TensorCore() {}

    /** What a lane brings to a product. */
    record Factors(HalfFloat[] a, HalfFloat[] b) {}

    /** How the bits of factors are read. */
    enum Format {
        F16,
        BF16;

        float value(HalfFloat half) {
            return this == F16 ? half.getFloat32() : Float.intBitsToFloat(half.getHalfFloatValue() << Short.SIZE);
        }
    }

    /** {@return a lane's part of A, from a tile of rows of so many halves, two in an int} */
    static HalfFloat[] loadA(int[] tile, int rowHalves, int byteOffset, int lane) {
        HalfFloat[] part = new HalfFloat[A_PART];
        for (int i = 0; i < A_PART; i++) {
            part[i] = half(tile, byteOffset / Short.BYTES + rowOfA(lane, i) * rowHalves + columnOfA(lane, i));
        }
        return part;
    }

    /** {@return a lane's part of B, from a tile of 16 rows of 8 halves, two in an int} */
    static HalfFloat[] loadB(int[] tile, int byteOffset, int lane) {
        HalfFloat[] part = new HalfFloat[B_PART];
        for (int i = 0; i < B_PART; i++) {
            part[i] = half(tile, byteOffset / Short.BYTES + rowOfB(lane, i) * N + lane / 4);
        }
        return part;
    }

    /** {@return a lane's part of D} */
    static float[] multiply(Object[] lanes, float[] c, Format format, int lane) {
        float[] d = new float[C_PART];
        for (int i = 0; i < C_PART; i++) {
            int row = rowOfC(lane, i);
            int column = columnOfC(lane, i);
            double sum = c[i];
            for (int k = 0; k < K; k++) {
                sum += (double) format.value(a(lanes, row, k)) * format.value(b(lanes, k, column));
            }
            d[i] = (float) sum;
        }
        return d;
    }

    /** Writes a lane's part of D into a row-major matrix. */
    static void store(float[] d, FloatArray matrix, int tileRow, int tileColumn, int columns, int lane) {
        for (int i = 0; i < C_PART; i++) {
            matrix.set((tileRow + rowOfC(lane, i)) * columns + tileColumn + columnOfC(lane, i), d[i]);
        }
    }

    private static HalfFloat half(int[] tile, int index) {
        return new HalfFloat((short) (tile[index / 2] >> index % 2 * Short.SIZE));
    }

    private static HalfFloat a(Object[] lanes, int row, int k) {
        int lane = row % 8 * 4 + k % 8 / 2;
        return ((Factors) lanes[lane]).a()[k / 8 * 4 + row / 8 * 2 + k % 2];
    }

    private static HalfFloat b(Object[] lanes, int k, int column) {
        return ((Factors) lanes[column * 4 + k % 8 / 2]).b()[k / 8 * 2 + k % 2];
    }

    private static int rowOfA(int lane, int i) {
        return lane / 4 + i / 2 % 2 * 8;
    }

    private static int columnOfA(int lane, int i) {
        return lane % 4 * 2 + i % 2 + i / 4 * 8;
    }

    private static int rowOfB(int lane, int i) {
        return lane % 4 * 2 + i % 2 + i / 2 * 8;
    }

    private static int rowOfC(int lane, int i) {
        return lane / 4 + i / 2 * 8;
    }

    private static int columnOfC(int lane, int i) {
        return lane % 4 * 2 + i % 2;
    }
}
