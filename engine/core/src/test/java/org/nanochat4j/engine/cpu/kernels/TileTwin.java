package org.nanochat4j.engine.cpu.kernels;

/**
 * The micro-kernel for tiles in plain Java, after the pseudo-code of TDPBF16PS in Intel's Software Developer's Manual: the same bits as the processor's.
 */
public final class TileTwin implements TileKernel {
    private static final int SIDE = 16;
    private static final int TILE_BYTES = 1024;
    private static final int UNIT_BYTES = 2 * TILE_BYTES;

    /** The processor's own tiles where there are any, else their twin. */
    public static TileKernel orTiles() {
        return TileGemm.obstacle().isEmpty() ? TileKernel.CODE : new TileTwin();
    }

    @Override
    public void multiply(int blocks, int steps, long a, long b, long c, long ldc, boolean add) {
        for (int block = 0; block < blocks; block++) {
            for (int tile = 0; tile < 4; tile++) {
                int down = tile / 2;
                int across = tile % 2;
                long tileC = c + (block * 2L + down) * SIDE * ldc + across * 4L * SIDE;
                if (!add) {
                    for (int i = 0; i < SIDE; i++) {
                        for (int j = 0; j < SIDE; j++) {
                            Memory.putFloat(tileC + i * ldc + 4L * j, 0);
                        }
                    }
                }
                for (int step = 0; step < steps; step++) {
                    long tileA = a + ((long) block * steps + step) * UNIT_BYTES + (long) down * TILE_BYTES;
                    long tileB = b + (long) step * UNIT_BYTES + (long) across * TILE_BYTES;
                    tdpbf16ps(tileC, ldc, floats(tileA), floats(tileB));
                }
            }
        }
    }

    /** A tile of 16 rows of 32 elements. */
    private static float[] floats(long tile) {
        float[] floats = new float[2 * SIDE * SIDE];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = flush(Float.intBitsToFloat(Memory.getShort(tile + 2L * i) << 16));
        }
        return floats;
    }

    private static void tdpbf16ps(long c, long ldc, float[] a, float[] b) {
        for (int m = 0; m < SIDE; m++) {
            for (int n = 0; n < SIDE; n++) {
                float even = 0;
                float odd = 0;
                for (int k = 0; k < SIDE; k++) {
                    even = flush(Math.fma(a[m * 32 + 2 * k], b[k * 32 + 2 * n], even));
                    odd = flush(Math.fma(a[m * 32 + 2 * k + 1], b[k * 32 + 2 * n + 1], odd));
                }
                long at = c + m * ldc + 4L * n;
                Memory.putFloat(at, flush(flush(Memory.getFloat(at)) + flush(even + odd)));
            }
        }
    }

    /** Numbers that are not normal are zero, with their sign. */
    static float flush(float x) {
        return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0, x) : x;
    }
}
