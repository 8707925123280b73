package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.tornado.cublas.Gemm;
import org.nanochat4j.engine.tornado.kernels.GemmKernels;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.MmaKernels;
import org.nanochat4j.engine.tornado.kernels.PanelKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task13;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Matrix products: c = op(a) op(b), or c += op(a) op(b), for each matrix of a stack.
 *
 * @param stack how many products
 * @param m rows of the result
 * @param n columns of the result
 * @param k summed over
 * @param transposeA whether a is stored transposed
 * @param transposeB whether b is stored transposed
 * @param add whether to add to the result, which is F32 then
 */
record Product(int stack, int m, int n, int k, boolean transposeA, boolean transposeB, boolean add) {
    /** A kernel (a, b, c, m, n, k, transposeA, transposeB, add). */
    private interface Multiply
            extends Task13<
                    KernelContext,
                    FloatArray,
                    Integer,
                    FloatArray,
                    Integer,
                    FloatArray,
                    Integer,
                    Integer,
                    Integer,
                    Integer,
                    Integer,
                    Integer,
                    Integer> {}

    /**
     * Adds the tasks.
     *
     * @param scratch memory for {@link #tensorCoreScratch} floats, where the factors are BF16 and tensor cores multiply them
     */
    void addTo(Work w, Place a, Place b, Place c, Place scratch) {
        KernelFamily kernel = w.products(a.bank().dtype());
        switch (kernel) {
            case CUBLAS_FP32, CUBLAS_BF16 -> w.add(gemm(a, b, c), a, b, c);
            case MMA_BF16 -> addByTensorCores(w, a, b, c, scratch);
            case PANEL_MATMUL_FP32 -> add(w, PanelKernels::multiplyPanels, PanelKernels.launch(m, n, stack), a, b, c);
            case TILED_MATMUL_FP32 -> add(w, GemmKernels::multiply, GemmKernels.launch(m, n, stack), a, b, c);
            default -> throw new IllegalStateException(kernel + " is no kernel for matrix products");
        }
    }

    /** The call of the library. */
    private Gemm gemm(Place a, Place b, Place c) {
        return new Gemm(
                stack, m, n, k, transposeA, transposeB, 1f, add ? 1f : 0f, matrices(a), matrices(b), matrices(c));
    }

    private static Gemm.Matrices matrices(Place place) {
        return new Gemm.Matrices(place.bank().dtype() == DType.BF16 ? Gemm.Type.BF16 : Gemm.Type.F32, place.at());
    }

    private void add(Work w, Multiply kernel, Launch launch, Place a, Place b, Place c) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        kernel,
                        w.context(),
                        a.floats(),
                        a.at(),
                        b.floats(),
                        b.at(),
                        c.floats(),
                        c.at(),
                        m,
                        n,
                        k,
                        transposeA ? 1 : 0,
                        transposeB ? 1 : 0,
                        add ? 1 : 0),
                launch);
    }

    /**
     * Scratch memory of products by tensor cores.
     *
     * @param rounded whether the result is BF16
     * @return floats: whole tiles, and what lies within the edges of c where that is rounded too
     */
    long tensorCoreScratch(boolean rounded) {
        return Bank.align(MmaKernels.room(m, n, stack)) + (rounded ? elements() : 0);
    }

    private long elements() {
        return (long) stack * m * n;
    }

    /** To c where that is of F32, has whole tiles and is not added to; else to scratch memory, from which it is cropped, added or rounded. */
    private void addByTensorCores(Work w, Place a, Place b, Place c, Place scratch) {
        boolean whole = MmaKernels.isWhole(m, n);
        boolean rounded = c.bank().dtype() == DType.BF16;
        Place tiles = whole && !rounded && !add ? c : scratch;
        addTiles(w, a, b, tiles);
        Place sums = tiles;
        if (!whole || add) {
            sums = rounded ? scratch.plus(Bank.align(MmaKernels.room(m, n, stack))) : c;
            crop(w, tiles, sums);
        }
        if (rounded) {
            MoveTasks.round(w, sums, c, elements());
        }
    }

    /** By tensor cores, to whole tiles: {@link MmaKernels#room} floats, in rows of {@link MmaKernels#stride}. */
    void addTiles(Work w, Place a, Place b, Place tiles) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        MmaKernels::multiply,
                        w.context(),
                        a.halves(),
                        a.at(),
                        b.halves(),
                        b.at(),
                        tiles.floats(),
                        tiles.at(),
                        m,
                        n,
                        k,
                        transposeA ? 1 : 0,
                        transposeB ? 1 : 0),
                MmaKernels.launch(m, n, stack));
    }

    private void crop(Work w, Place tiles, Place c) {
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        MmaKernels::crop,
                        w.context(),
                        tiles.floats(),
                        tiles.at(),
                        c.floats(),
                        c.at(),
                        m,
                        n,
                        stack,
                        add ? 1 : 0),
                Launch.elements(elements()));
    }
}
