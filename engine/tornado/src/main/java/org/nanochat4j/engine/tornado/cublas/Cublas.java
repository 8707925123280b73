package org.nanochat4j.engine.tornado.cublas;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.nanochat4j.engine.EngineException;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;

/**
 * cuBLAS, opened for one stream of the device.
 *
 * <p>It is told not to round sums to the type of the factors between parts of a product, which it otherwise may with BF16. F32 factors are not rounded to TF32:
 * that would need another math mode.
 */
final class Cublas implements LibraryContext, AutoCloseable {
    private static final int OP_N = 0;
    private static final int OP_T = 1;
    private static final int COMPUTE_32F = 68;
    private static final int DEFAULT_ALGORITHM = -1;

    /** CUBLAS_DEFAULT_MATH with CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION. */
    private static final int MATH_MODE = 16;

    private final CublasFunctions functions;
    private final long context;
    private final long handle;

    private Cublas(CublasFunctions functions, long context, long handle) {
        this.functions = functions;
        this.context = context;
        this.handle = handle;
    }

    /**
     * Opens the library.
     *
     * @param functions of the library
     * @param context CUDA's context of the stream
     * @param stream on which products are computed
     */
    static Cublas open(CublasFunctions functions, long context, long stream) {
        enter(functions, context);
        long handle;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment place = arena.allocate(ValueLayout.JAVA_LONG);
            check(functions.create(place), "cublasCreate", "opening it");
            handle = place.get(ValueLayout.JAVA_LONG, 0);
        }
        Cublas cublas = new Cublas(functions, context, handle);
        try {
            check(functions.setStream(handle, stream), "cublasSetStream", "opening it");
            check(functions.setMathMode(handle, MATH_MODE), "cublasSetMathMode", "opening it");
        } catch (RuntimeException e) {
            cublas.close();
            throw e;
        }
        return cublas;
    }

    /** The library works in the context that is current in the calling thread. */
    private static void enter(CublasFunctions functions, long context) {
        int error = functions.setCurrentContext(context);
        if (error != 0) {
            throw new EngineException.DeviceFailed("cuCtxSetCurrent failed with CUDA's error " + error
                    + "\n  remedy: the device or its driver is not well: nvidia-smi tells more");
        }
    }

    /**
     * Puts products on the stream. For the library matrices are column-major, so that a row-major one is its transpose: it computes cᵀ = op(b)ᵀ op(a)ᵀ.
     *
     * @param gemm what to multiply
     * @param a address of the array of a on the device
     * @param b address of the array of b
     * @param c address of the array of c
     */
    void multiply(Gemm gemm, long a, long b, long c) {
        enter(functions, context);
        int opB = gemm.transposeB() ? OP_T : OP_N;
        int opA = gemm.transposeA() ? OP_T : OP_N;
        int leadingB = gemm.transposeB() ? gemm.k() : gemm.n();
        int leadingA = gemm.transposeA() ? gemm.m() : gemm.k();
        long first = gemm.b().address(b);
        long second = gemm.a().address(a);
        long result = gemm.c().address(c);
        int factorType = gemm.a().type().code();
        int resultType = gemm.c().type().code();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment alpha = arena.allocateFrom(ValueLayout.JAVA_FLOAT, gemm.alpha());
            MemorySegment beta = arena.allocateFrom(ValueLayout.JAVA_FLOAT, gemm.beta());
            if (gemm.stack() == 1) {
                int status = functions.gemm(
                        handle,
                        opB,
                        opA,
                        gemm.n(),
                        gemm.m(),
                        gemm.k(),
                        alpha,
                        first,
                        factorType,
                        leadingB,
                        second,
                        factorType,
                        leadingA,
                        beta,
                        result,
                        resultType,
                        gemm.n(),
                        COMPUTE_32F,
                        DEFAULT_ALGORITHM);
                check(status, "cublasGemmEx", gemm.shown());
            } else {
                int status = functions.gemmStridedBatched(
                        handle,
                        opB,
                        opA,
                        gemm.n(),
                        gemm.m(),
                        gemm.k(),
                        alpha,
                        first,
                        factorType,
                        leadingB,
                        (long) gemm.k() * gemm.n(),
                        second,
                        factorType,
                        leadingA,
                        (long) gemm.m() * gemm.k(),
                        beta,
                        result,
                        resultType,
                        gemm.n(),
                        (long) gemm.m() * gemm.n(),
                        gemm.stack(),
                        COMPUTE_32F,
                        DEFAULT_ALGORITHM);
                check(status, "cublasGemmStridedBatchedEx", gemm.shown());
            }
        }
    }

    @Override
    public void close() {
        enter(functions, context);
        check(functions.destroy(handle), "cublasDestroy", "closing it");
    }

    /** Not by one of TornadoVM's exceptions: with bailout off it replaces those by one that does not say what happened. */
    private static void check(int status, String function, String doing) {
        if (status != 0) {
            throw new EngineException.DeviceFailed(function + " of cuBLAS failed with " + name(status) + ", " + doing
                    + "\n  remedy: " + remedy(status)
                    + "; NANOCHAT_TORNADO_LIBRARIES=off computes with this project's own kernels");
        }
    }

    /** cublasStatus_t. */
    private static String name(int status) {
        return switch (status) {
            case 1 -> "CUBLAS_STATUS_NOT_INITIALIZED";
            case 3 -> "CUBLAS_STATUS_ALLOC_FAILED";
            case 7 -> "CUBLAS_STATUS_INVALID_VALUE";
            case 8 -> "CUBLAS_STATUS_ARCH_MISMATCH";
            case 11 -> "CUBLAS_STATUS_MAPPING_ERROR";
            case 13 -> "CUBLAS_STATUS_EXECUTION_FAILED";
            case 14 -> "CUBLAS_STATUS_INTERNAL_ERROR";
            case 15 -> "CUBLAS_STATUS_NOT_SUPPORTED";
            case 16 -> "CUBLAS_STATUS_LICENSE_ERROR";
            default -> "status " + status;
        };
    }

    private static String remedy(int status) {
        return switch (status) {
            case 1, 8 -> "the library must fit the driver: nvidia-smi shows the newest CUDA that the driver knows";
            case 3 -> "lower NANOCHAT_DEVICE_MEMORY: the library needs some memory beside TornadoVM's";
            default -> "please report this with the library's version";
        };
    }
}
