package org.nanochat4j.engine.cpu.kernels;

import java.util.Optional;
import org.nanochat4j.engine.cpu.code.PanelRoutine;

/** Products by machine code: {@link PanelRoutine}. Edges narrower than a panel are left to the Vector API, which gives the same bits. */
final class CodeProducts implements Products {
    private static final long STRIP = PanelRoutine.ROWS;

    /** Why there is no machine code here; empty if there is. */
    static Optional<String> obstacle() {
        return Memory.LANES == PanelRoutine.LANES
                ? PanelRoutine.obstacle()
                : Optional.of(
                        "it is written for vectors of " + PanelRoutine.LANES * 32 + " bits, not " + Memory.LANES * 32);
    }

    @Override
    public void rows(int m, long a, long rowStride, int k, long b, long c, long ldc, boolean accumulate) {
        PanelRoutine.multiply(m, k, a, rowStride, 4, STRIP * rowStride, b, Panels.BYTES, c, ldc, accumulate);
    }

    @Override
    public void columns(int m, long a, long stepStride, int k, long b, long ldb, long c, long ldc, long factor) {
        PanelRoutine.scale(m, k, a, 4, stepStride, STRIP * 4, b, ldb, c, ldc, factor);
    }

    @Override
    public void strips(
            int m,
            PackedRows a,
            int first,
            long b,
            long ldb,
            int columns,
            long c,
            long ldc,
            boolean accumulate,
            long tile) {
        if (columns < Panels.WIDTH) {
            VECTOR.strips(m, a, first, b, ldb, columns, c, ldc, accumulate, tile);
            return;
        }
        PackedRows.Layout layout = a.layout();
        long row = 4L * layout.row();
        long step = 4L * layout.step();
        long strip = 4L * layout.strip();
        PanelRoutine.multiply(m, a.depth(), a.segment(), first * strip, row, step, strip, b, ldb, c, ldc, accumulate);
    }
}
