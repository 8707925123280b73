package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;
import static org.nanochat4j.engine.cpu.kernels.Panels.BYTES;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/**
 * Products by the Vector API. {@link #rows} and {@link #columns} keep eight or four rows of C in registers; packed strips go through {@link MicroKernel}.
 *
 * <p>A trap the code avoids: calls of methods outside the JDK are no longer inlined once a compilation has 18,000 nodes (NodeCountInliningCutoff),
 * and a kernel of this size has more: the vectors then go through the heap and the speed is a tenth. JDK methods are always inlined, so the
 * products call them directly, not through {@link Memory}.
 */
final class VectorProducts implements Products {
    private static final long VECTOR_BYTES = 4L * LANES;

    /** Eight rows need nineteen registers: too many where vectors are 256 bits (AVX2 has sixteen). */
    private static final boolean EIGHT_ROWS = LANES != 8;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    @Override
    public void rows(int m, long a, long rowStride, int k, long b, long c, long ldc, boolean accumulate) {
        int i = 0;
        if (EIGHT_ROWS) {
            for (; i <= m - 8; i += 8) {
                rows8(a + i * rowStride, rowStride, k, b, c + i * ldc, ldc, accumulate);
            }
        }
        for (; i <= m - 4; i += 4) {
            rows4(a + i * rowStride, rowStride, k, b, c + i * ldc, ldc, accumulate);
        }
        for (; i < m; i++) {
            rows1(a + i * rowStride, k, b, c + i * ldc, accumulate);
        }
    }

    @Override
    public void columns(int m, long a, long stepStride, int k, long b, long ldb, long c, long ldc, long factor) {
        int i = 0;
        if (EIGHT_ROWS) {
            for (; i <= m - 8; i += 8) {
                columns8(a + 4L * i, stepStride, k, b, ldb, c + i * ldc, ldc, factor);
            }
        }
        for (; i <= m - 4; i += 4) {
            columns4(a + 4L * i, stepStride, k, b, ldb, c + i * ldc, ldc, factor);
        }
        for (; i < m; i++) {
            columns1(a + 4L * i, stepStride, k, b, ldb, c + i * ldc, factor);
        }
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
        PackedRows.Layout layout = a.layout();
        int k = a.depth();
        boolean narrow = columns <= LANES;
        int width = narrow ? LANES : Panels.WIDTH;
        for (int i = 0; i < m; i += MicroKernel.ROWS) {
            int at = (first + i / MicroKernel.ROWS) * layout.strip();
            if (narrow) {
                MicroKernel.narrow(k, a.floats(), at, layout.row(), layout.step(), b, ldb, tile);
            } else {
                MicroKernel.wide(k, a.floats(), at, layout.row(), layout.step(), b, ldb, tile);
            }
            MicroKernel.update(tile, width, c + i * ldc, ldc, Math.min(MicroKernel.ROWS, m - i), columns, accumulate);
        }
    }

    private static void rows8(long a, long rowStride, long k, long b, long c, long ldc, boolean accumulate) {
        long a1 = a + 1 * rowStride;
        long a2 = a + 2 * rowStride;
        long a3 = a + 3 * rowStride;
        long a4 = a + 4 * rowStride;
        long a5 = a + 5 * rowStride;
        long a6 = a + 6 * rowStride;
        long a7 = a + 7 * rowStride;
        FloatVector c00 = FloatVector.zero(F);
        FloatVector c01 = FloatVector.zero(F);
        FloatVector c10 = FloatVector.zero(F);
        FloatVector c11 = FloatVector.zero(F);
        FloatVector c20 = FloatVector.zero(F);
        FloatVector c21 = FloatVector.zero(F);
        FloatVector c30 = FloatVector.zero(F);
        FloatVector c31 = FloatVector.zero(F);
        FloatVector c40 = FloatVector.zero(F);
        FloatVector c41 = FloatVector.zero(F);
        FloatVector c50 = FloatVector.zero(F);
        FloatVector c51 = FloatVector.zero(F);
        FloatVector c60 = FloatVector.zero(F);
        FloatVector c61 = FloatVector.zero(F);
        FloatVector c70 = FloatVector.zero(F);
        FloatVector c71 = FloatVector.zero(F);
        for (long i = 0; i < 4 * k; i += 4) {
            FloatVector b0 = fromMemorySegment(F, ALL, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F, ALL, b + VECTOR_BYTES, LITTLE_ENDIAN);
            FloatVector x = broadcast(F, ALL.get(FLOAT, a + i));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = broadcast(F, ALL.get(FLOAT, a1 + i));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = broadcast(F, ALL.get(FLOAT, a2 + i));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = broadcast(F, ALL.get(FLOAT, a3 + i));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = broadcast(F, ALL.get(FLOAT, a4 + i));
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = broadcast(F, ALL.get(FLOAT, a5 + i));
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = broadcast(F, ALL.get(FLOAT, a6 + i));
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = broadcast(F, ALL.get(FLOAT, a7 + i));
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            b += BYTES;
        }
        if (accumulate) {
            c00 = c00.add(fromMemorySegment(F, ALL, c, LITTLE_ENDIAN));
            c01 = c01.add(fromMemorySegment(F, ALL, c + VECTOR_BYTES, LITTLE_ENDIAN));
            c10 = c10.add(fromMemorySegment(F, ALL, c + ldc, LITTLE_ENDIAN));
            c11 = c11.add(fromMemorySegment(F, ALL, c + ldc + VECTOR_BYTES, LITTLE_ENDIAN));
            c20 = c20.add(fromMemorySegment(F, ALL, c + 2 * ldc, LITTLE_ENDIAN));
            c21 = c21.add(fromMemorySegment(F, ALL, c + 2 * ldc + VECTOR_BYTES, LITTLE_ENDIAN));
            c30 = c30.add(fromMemorySegment(F, ALL, c + 3 * ldc, LITTLE_ENDIAN));
            c31 = c31.add(fromMemorySegment(F, ALL, c + 3 * ldc + VECTOR_BYTES, LITTLE_ENDIAN));
            c40 = c40.add(fromMemorySegment(F, ALL, c + 4 * ldc, LITTLE_ENDIAN));
            c41 = c41.add(fromMemorySegment(F, ALL, c + 4 * ldc + VECTOR_BYTES, LITTLE_ENDIAN));
            c50 = c50.add(fromMemorySegment(F, ALL, c + 5 * ldc, LITTLE_ENDIAN));
            c51 = c51.add(fromMemorySegment(F, ALL, c + 5 * ldc + VECTOR_BYTES, LITTLE_ENDIAN));
            c60 = c60.add(fromMemorySegment(F, ALL, c + 6 * ldc, LITTLE_ENDIAN));
            c61 = c61.add(fromMemorySegment(F, ALL, c + 6 * ldc + VECTOR_BYTES, LITTLE_ENDIAN));
            c70 = c70.add(fromMemorySegment(F, ALL, c + 7 * ldc, LITTLE_ENDIAN));
            c71 = c71.add(fromMemorySegment(F, ALL, c + 7 * ldc + VECTOR_BYTES, LITTLE_ENDIAN));
        }
        c00.intoMemorySegment(ALL, c, LITTLE_ENDIAN);
        c01.intoMemorySegment(ALL, c + VECTOR_BYTES, LITTLE_ENDIAN);
        c10.intoMemorySegment(ALL, c + ldc, LITTLE_ENDIAN);
        c11.intoMemorySegment(ALL, c + ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        c20.intoMemorySegment(ALL, c + 2 * ldc, LITTLE_ENDIAN);
        c21.intoMemorySegment(ALL, c + 2 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        c30.intoMemorySegment(ALL, c + 3 * ldc, LITTLE_ENDIAN);
        c31.intoMemorySegment(ALL, c + 3 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        c40.intoMemorySegment(ALL, c + 4 * ldc, LITTLE_ENDIAN);
        c41.intoMemorySegment(ALL, c + 4 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        c50.intoMemorySegment(ALL, c + 5 * ldc, LITTLE_ENDIAN);
        c51.intoMemorySegment(ALL, c + 5 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        c60.intoMemorySegment(ALL, c + 6 * ldc, LITTLE_ENDIAN);
        c61.intoMemorySegment(ALL, c + 6 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        c70.intoMemorySegment(ALL, c + 7 * ldc, LITTLE_ENDIAN);
        c71.intoMemorySegment(ALL, c + 7 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
    }

    private static void rows4(long a, long rowStride, long k, long b, long c, long ldc, boolean accumulate) {
        long a1 = a + 1 * rowStride;
        long a2 = a + 2 * rowStride;
        long a3 = a + 3 * rowStride;
        FloatVector c00 = FloatVector.zero(F);
        FloatVector c01 = FloatVector.zero(F);
        FloatVector c10 = FloatVector.zero(F);
        FloatVector c11 = FloatVector.zero(F);
        FloatVector c20 = FloatVector.zero(F);
        FloatVector c21 = FloatVector.zero(F);
        FloatVector c30 = FloatVector.zero(F);
        FloatVector c31 = FloatVector.zero(F);
        for (long i = 0; i < 4 * k; i += 4) {
            FloatVector b0 = fromMemorySegment(F, ALL, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F, ALL, b + VECTOR_BYTES, LITTLE_ENDIAN);
            FloatVector x = broadcast(F, ALL.get(FLOAT, a + i));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = broadcast(F, ALL.get(FLOAT, a1 + i));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = broadcast(F, ALL.get(FLOAT, a2 + i));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = broadcast(F, ALL.get(FLOAT, a3 + i));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            b += BYTES;
        }
        if (accumulate) {
            c00 = c00.add(fromMemorySegment(F, ALL, c, LITTLE_ENDIAN));
            c01 = c01.add(fromMemorySegment(F, ALL, c + VECTOR_BYTES, LITTLE_ENDIAN));
            c10 = c10.add(fromMemorySegment(F, ALL, c + ldc, LITTLE_ENDIAN));
            c11 = c11.add(fromMemorySegment(F, ALL, c + ldc + VECTOR_BYTES, LITTLE_ENDIAN));
            c20 = c20.add(fromMemorySegment(F, ALL, c + 2 * ldc, LITTLE_ENDIAN));
            c21 = c21.add(fromMemorySegment(F, ALL, c + 2 * ldc + VECTOR_BYTES, LITTLE_ENDIAN));
            c30 = c30.add(fromMemorySegment(F, ALL, c + 3 * ldc, LITTLE_ENDIAN));
            c31 = c31.add(fromMemorySegment(F, ALL, c + 3 * ldc + VECTOR_BYTES, LITTLE_ENDIAN));
        }
        c00.intoMemorySegment(ALL, c, LITTLE_ENDIAN);
        c01.intoMemorySegment(ALL, c + VECTOR_BYTES, LITTLE_ENDIAN);
        c10.intoMemorySegment(ALL, c + ldc, LITTLE_ENDIAN);
        c11.intoMemorySegment(ALL, c + ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        c20.intoMemorySegment(ALL, c + 2 * ldc, LITTLE_ENDIAN);
        c21.intoMemorySegment(ALL, c + 2 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        c30.intoMemorySegment(ALL, c + 3 * ldc, LITTLE_ENDIAN);
        c31.intoMemorySegment(ALL, c + 3 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
    }

    private static void rows1(long a, long k, long b, long c, boolean accumulate) {
        FloatVector c00 = FloatVector.zero(F);
        FloatVector c01 = FloatVector.zero(F);
        for (long i = 0; i < 4 * k; i += 4) {
            FloatVector b0 = fromMemorySegment(F, ALL, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F, ALL, b + VECTOR_BYTES, LITTLE_ENDIAN);
            FloatVector x = broadcast(F, ALL.get(FLOAT, a + i));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            b += BYTES;
        }
        if (accumulate) {
            c00 = c00.add(fromMemorySegment(F, ALL, c, LITTLE_ENDIAN));
            c01 = c01.add(fromMemorySegment(F, ALL, c + VECTOR_BYTES, LITTLE_ENDIAN));
        }
        c00.intoMemorySegment(ALL, c, LITTLE_ENDIAN);
        c01.intoMemorySegment(ALL, c + VECTOR_BYTES, LITTLE_ENDIAN);
    }

    private static void columns8(long a, long stepStride, long k, long b, long ldb, long c, long ldc, long factor) {
        FloatVector c00 = FloatVector.zero(F);
        FloatVector c01 = FloatVector.zero(F);
        FloatVector c10 = FloatVector.zero(F);
        FloatVector c11 = FloatVector.zero(F);
        FloatVector c20 = FloatVector.zero(F);
        FloatVector c21 = FloatVector.zero(F);
        FloatVector c30 = FloatVector.zero(F);
        FloatVector c31 = FloatVector.zero(F);
        FloatVector c40 = FloatVector.zero(F);
        FloatVector c41 = FloatVector.zero(F);
        FloatVector c50 = FloatVector.zero(F);
        FloatVector c51 = FloatVector.zero(F);
        FloatVector c60 = FloatVector.zero(F);
        FloatVector c61 = FloatVector.zero(F);
        FloatVector c70 = FloatVector.zero(F);
        FloatVector c71 = FloatVector.zero(F);
        for (long i = 0; i < k; i++) {
            FloatVector b0 = fromMemorySegment(F, ALL, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F, ALL, b + VECTOR_BYTES, LITTLE_ENDIAN);
            FloatVector x = broadcast(F, ALL.get(FLOAT, a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = broadcast(F, ALL.get(FLOAT, a + 4));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = broadcast(F, ALL.get(FLOAT, a + 8));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = broadcast(F, ALL.get(FLOAT, a + 12));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = broadcast(F, ALL.get(FLOAT, a + 16));
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = broadcast(F, ALL.get(FLOAT, a + 20));
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = broadcast(F, ALL.get(FLOAT, a + 24));
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = broadcast(F, ALL.get(FLOAT, a + 28));
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            a += stepStride;
            b += ldb;
        }
        FloatVector f0 = fromMemorySegment(F, ALL, factor, LITTLE_ENDIAN);
        FloatVector f1 = fromMemorySegment(F, ALL, factor + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c, LITTLE_ENDIAN).fma(f0, c00).intoMemorySegment(ALL, c, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c01)
                .intoMemorySegment(ALL, c + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + ldc, LITTLE_ENDIAN).fma(f0, c10).intoMemorySegment(ALL, c + ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c11)
                .intoMemorySegment(ALL, c + ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 2 * ldc, LITTLE_ENDIAN)
                .fma(f0, c20)
                .intoMemorySegment(ALL, c + 2 * ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 2 * ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c21)
                .intoMemorySegment(ALL, c + 2 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 3 * ldc, LITTLE_ENDIAN)
                .fma(f0, c30)
                .intoMemorySegment(ALL, c + 3 * ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 3 * ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c31)
                .intoMemorySegment(ALL, c + 3 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 4 * ldc, LITTLE_ENDIAN)
                .fma(f0, c40)
                .intoMemorySegment(ALL, c + 4 * ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 4 * ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c41)
                .intoMemorySegment(ALL, c + 4 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 5 * ldc, LITTLE_ENDIAN)
                .fma(f0, c50)
                .intoMemorySegment(ALL, c + 5 * ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 5 * ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c51)
                .intoMemorySegment(ALL, c + 5 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 6 * ldc, LITTLE_ENDIAN)
                .fma(f0, c60)
                .intoMemorySegment(ALL, c + 6 * ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 6 * ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c61)
                .intoMemorySegment(ALL, c + 6 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 7 * ldc, LITTLE_ENDIAN)
                .fma(f0, c70)
                .intoMemorySegment(ALL, c + 7 * ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 7 * ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c71)
                .intoMemorySegment(ALL, c + 7 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
    }

    private static void columns4(long a, long stepStride, long k, long b, long ldb, long c, long ldc, long factor) {
        FloatVector c00 = FloatVector.zero(F);
        FloatVector c01 = FloatVector.zero(F);
        FloatVector c10 = FloatVector.zero(F);
        FloatVector c11 = FloatVector.zero(F);
        FloatVector c20 = FloatVector.zero(F);
        FloatVector c21 = FloatVector.zero(F);
        FloatVector c30 = FloatVector.zero(F);
        FloatVector c31 = FloatVector.zero(F);
        for (long i = 0; i < k; i++) {
            FloatVector b0 = fromMemorySegment(F, ALL, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F, ALL, b + VECTOR_BYTES, LITTLE_ENDIAN);
            FloatVector x = broadcast(F, ALL.get(FLOAT, a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = broadcast(F, ALL.get(FLOAT, a + 4));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = broadcast(F, ALL.get(FLOAT, a + 8));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = broadcast(F, ALL.get(FLOAT, a + 12));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            a += stepStride;
            b += ldb;
        }
        FloatVector f0 = fromMemorySegment(F, ALL, factor, LITTLE_ENDIAN);
        FloatVector f1 = fromMemorySegment(F, ALL, factor + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c, LITTLE_ENDIAN).fma(f0, c00).intoMemorySegment(ALL, c, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c01)
                .intoMemorySegment(ALL, c + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + ldc, LITTLE_ENDIAN).fma(f0, c10).intoMemorySegment(ALL, c + ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c11)
                .intoMemorySegment(ALL, c + ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 2 * ldc, LITTLE_ENDIAN)
                .fma(f0, c20)
                .intoMemorySegment(ALL, c + 2 * ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 2 * ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c21)
                .intoMemorySegment(ALL, c + 2 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 3 * ldc, LITTLE_ENDIAN)
                .fma(f0, c30)
                .intoMemorySegment(ALL, c + 3 * ldc, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + 3 * ldc + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c31)
                .intoMemorySegment(ALL, c + 3 * ldc + VECTOR_BYTES, LITTLE_ENDIAN);
    }

    private static void columns1(long a, long stepStride, long k, long b, long ldb, long c, long factor) {
        FloatVector c00 = FloatVector.zero(F);
        FloatVector c01 = FloatVector.zero(F);
        for (long i = 0; i < k; i++) {
            FloatVector b0 = fromMemorySegment(F, ALL, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F, ALL, b + VECTOR_BYTES, LITTLE_ENDIAN);
            FloatVector x = broadcast(F, ALL.get(FLOAT, a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            a += stepStride;
            b += ldb;
        }
        FloatVector f0 = fromMemorySegment(F, ALL, factor, LITTLE_ENDIAN);
        FloatVector f1 = fromMemorySegment(F, ALL, factor + VECTOR_BYTES, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c, LITTLE_ENDIAN).fma(f0, c00).intoMemorySegment(ALL, c, LITTLE_ENDIAN);
        fromMemorySegment(F, ALL, c + VECTOR_BYTES, LITTLE_ENDIAN)
                .fma(f1, c01)
                .intoMemorySegment(ALL, c + VECTOR_BYTES, LITTLE_ENDIAN);
    }
}
