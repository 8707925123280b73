package org.nanochat4j.engine.tornado.cublas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.nanochat4j.engine.EngineException;

/**
 * The functions of cuBLAS and of CUDA's driver that are used. Handles and addresses of the device are longs: nothing here looks behind them. All return 0, or the
 * number of an error.
 *
 * <p>Source: cublas_api.h of CUDA 11 to 13, cuda.h.
 */
final class CublasFunctions {
    private final MethodHandle setCurrentContext;
    private final MethodHandle create;
    private final MethodHandle destroy;
    private final MethodHandle setStream;
    private final MethodHandle setMathMode;
    private final MethodHandle gemm;
    private final MethodHandle gemmStridedBatched;

    /**
     * Binds the functions.
     *
     * @param symbols of both libraries
     * @throws EngineException.NoBackend if one is missing
     */
    CublasFunctions(SymbolLookup symbols) {
        setCurrentContext = bind(symbols, "cuCtxSetCurrent", JAVA_LONG);
        create = bind(symbols, "cublasCreate_v2", ADDRESS);
        destroy = bind(symbols, "cublasDestroy_v2", JAVA_LONG);
        setStream = bind(symbols, "cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
        setMathMode = bind(symbols, "cublasSetMathMode", JAVA_LONG, JAVA_INT);
        gemm = bind(
                symbols,
                "cublasGemmEx",
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                ADDRESS,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                ADDRESS,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT);
        gemmStridedBatched = bind(
                symbols,
                "cublasGemmStridedBatchedEx",
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                ADDRESS,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                ADDRESS,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT);
    }

    private static MethodHandle bind(SymbolLookup symbols, String name, MemoryLayout... parameters) {
        MemorySegment function = symbols.find(name)
                .orElseThrow(
                        () -> new EngineException.NoBackend(
                                "the cuBLAS of this machine has no function " + name
                                        + "\n  remedy: install that of CUDA 12 or later, or go without: NANOCHAT_TORNADO_LIBRARIES=off"));
        return Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(JAVA_INT, parameters));
    }

    int setCurrentContext(long context) {
        try {
            return (int) setCurrentContext.invokeExact(context);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Writes the new handle to eight bytes. */
    int create(MemorySegment handle) {
        try {
            return (int) create.invokeExact(handle);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int destroy(long handle) {
        try {
            return (int) destroy.invokeExact(handle);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int setStream(long handle, long stream) {
        try {
            return (int) setStream.invokeExact(handle, stream);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int setMathMode(long handle, int mode) {
        try {
            return (int) setMathMode.invokeExact(handle, mode);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** C (m, n) = alpha op(A) op(B) + beta C, column-major; alpha and beta are floats of the host. */
    int gemm(
            long handle,
            int opA,
            int opB,
            int m,
            int n,
            int k,
            MemorySegment alpha,
            long a,
            int typeA,
            int leadingA,
            long b,
            int typeB,
            int leadingB,
            MemorySegment beta,
            long c,
            int typeC,
            int leadingC,
            int computeType,
            int algorithm) {
        try {
            return (int) gemm.invokeExact(
                    handle,
                    opA,
                    opB,
                    m,
                    n,
                    k,
                    alpha,
                    a,
                    typeA,
                    leadingA,
                    b,
                    typeB,
                    leadingB,
                    beta,
                    c,
                    typeC,
                    leadingC,
                    computeType,
                    algorithm);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** As {@link #gemm}, for matrices at equal distances, which are counted in elements. */
    int gemmStridedBatched(
            long handle,
            int opA,
            int opB,
            int m,
            int n,
            int k,
            MemorySegment alpha,
            long a,
            int typeA,
            int leadingA,
            long distanceA,
            long b,
            int typeB,
            int leadingB,
            long distanceB,
            MemorySegment beta,
            long c,
            int typeC,
            int leadingC,
            long distanceC,
            int count,
            int computeType,
            int algorithm) {
        try {
            return (int) gemmStridedBatched.invokeExact(
                    handle,
                    opA,
                    opB,
                    m,
                    n,
                    k,
                    alpha,
                    a,
                    typeA,
                    leadingA,
                    distanceA,
                    b,
                    typeB,
                    leadingB,
                    distanceB,
                    beta,
                    c,
                    typeC,
                    leadingC,
                    distanceC,
                    count,
                    computeType,
                    algorithm);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** C functions throw nothing; what comes is the JVM's. */
    private static IllegalStateException impossible(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(e);
    }
}
