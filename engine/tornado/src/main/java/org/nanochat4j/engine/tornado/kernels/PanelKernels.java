package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Matrix products in F32 for devices whose items are threads of a processor (PoCL): every group is one item, which packs a panel of b into private memory and
 * runs blocks of registers over it. Barriers and local memory, which make {@link GemmKernels} fast on a GPU, cost most of the time there.
 *
 * <p>History: {@code docs/kernels/tornado-gemm.md}.
 */
public final class PanelKernels {
    /** Rows of c of an item: how often a packed panel is used. */
    private static final int ROWS = 128;

    /** Rows and columns of a block in registers. */
    private static final int HEIGHT = 4;

    private static final int WIDTH = 16;

    /** Depth of a panel. */
    private static final int DEPTH = 256;

    private PanelKernels() {}

    /**
     * The launch of {@link #multiplyPanels}.
     *
     * @param m rows of c
     * @param n columns of c
     * @param stack how many products
     * @return one item, alone in its group, for WIDTH columns, along x, and ROWS rows, along y, of a product, along z
     */
    public static Launch launch(int m, int n, int stack) {
        return new Launch(Tiles.count(n, WIDTH), Tiles.count(m, ROWS), stack, 1, 1, 1);
    }

    /**
     * c = op(a) op(b), or c += op(a) op(b), for each matrix of a stack; the arguments are those of {@link GemmKernels#multiply}.
     *
     * <p>Launch: {@link #launch}.
     */
    public static void multiplyPanels(
            KernelContext context,
            FloatArray a,
            int aAt,
            FloatArray b,
            int bAt,
            FloatArray c,
            int cAt,
            int m,
            int n,
            int k,
            int transposeA,
            int transposeB,
            int add) {
        float[] panel = new float[DEPTH * WIDTH];
        float[] sums = new float[HEIGHT * WIDTH];
        int column = context.globalIdx * WIDTH;
        int firstRow = context.globalIdy * ROWS;
        int lastRow = firstRow + ROWS < m ? firstRow + ROWS : m;
        int aStart = aAt + context.globalIdz * m * k;
        int bStart = bAt + context.globalIdz * k * n;
        int cStart = cAt + context.globalIdz * m * n;
        for (int start = Rolled.from(context); start < k; start += DEPTH) {
            int depth = k - start < DEPTH ? k - start : DEPTH;
            if (transposeB == 1) {
                for (int j = Rolled.from(context); j < WIDTH; j++) {
                    // Beyond the edge the last line is repeated; what comes of it is not stored.
                    int line = column + j < n ? column + j : n - 1;
                    for (int l = 0; l < depth; l++) {
                        panel[l * WIDTH + j] = b.get(bStart + line * k + start + l);
                    }
                }
            } else {
                for (int l = 0; l < depth; l++) {
                    for (int j = 0; j < WIDTH; j++) {
                        int line = n % WIDTH == 0 || column + j < n ? column + j : n - 1;
                        panel[l * WIDTH + j] = b.get(bStart + (start + l) * n + line);
                    }
                }
            }
            for (int row = firstRow; row < lastRow; row += HEIGHT) {
                int row1 = m % HEIGHT == 0 || row + 1 < m ? row + 1 : m - 1;
                int row2 = m % HEIGHT == 0 || row + 2 < m ? row + 2 : m - 1;
                int row3 = m % HEIGHT == 0 || row + 3 < m ? row + 3 : m - 1;
                for (int i = 0; i < HEIGHT * WIDTH; i++) {
                    sums[i] = 0f;
                }
                for (int l = 0; l < depth; l++) {
                    float left0 = left(a, aStart, m, k, transposeA, row, start + l);
                    float left1 = left(a, aStart, m, k, transposeA, row1, start + l);
                    float left2 = left(a, aStart, m, k, transposeA, row2, start + l);
                    float left3 = left(a, aStart, m, k, transposeA, row3, start + l);
                    for (int j = 0; j < WIDTH; j++) {
                        float right = panel[l * WIDTH + j];
                        sums[j] += left0 * right;
                        sums[WIDTH + j] += left1 * right;
                        sums[2 * WIDTH + j] += left2 * right;
                        sums[3 * WIDTH + j] += left3 * right;
                    }
                }
                for (int i = 0; i < HEIGHT; i++) {
                    for (int j = 0; j < WIDTH; j++) {
                        if ((m % HEIGHT == 0 || row + i < m) && (n % WIDTH == 0 || column + j < n)) {
                            int at = cStart + (row + i) * n + column + j;
                            float before = 0f;
                            if (add == 1 || start > 0) {
                                before = c.get(at);
                            }
                            c.set(at, before + sums[i * WIDTH + j]);
                        }
                    }
                }
            }
        }
    }

    private static float left(FloatArray a, int at, int m, int k, int transposed, int row, int l) {
        return transposed == 1 ? a.get(at + l * m + row) : a.get(at + row * k + l);
    }
}
