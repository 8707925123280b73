package org.nanochat4j.engine.tornado.cublas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A cuBLAS written in Java, behind real C functions: products in double precision, of matrices in this process's memory. Like the real one it returns errors for what
 * it cannot do, and it works only in the context in which it was opened.
 *
 * <p>The types of the functions are written from cublas_api.h, with pointers as pointers.
 */
public final class FakeCublas {
    static final int SUCCESS = 0;
    static final int NOT_INITIALIZED = 1;
    static final int INVALID_VALUE = 7;
    static final int NOT_SUPPORTED = 15;

    private static final int F32 = 0;
    private static final int BF16 = 14;
    private static final int COMPUTE_32F = 68;
    private static final int DEFAULT_ALGORITHM = -1;
    private static final long FIRST_HANDLE = 0x7000_0000_0001L;

    private final Map<String, MemorySegment> functions = new HashMap<>();
    private final Map<Long, Long> contexts = new HashMap<>();
    private final Map<Long, Long> streams = new HashMap<>();
    private final Map<Long, Integer> mathModes = new HashMap<>();
    private final Set<Long> closed = new HashSet<>();
    private final List<String> calls = new ArrayList<>();
    private final Map<String, Integer> failing = new HashMap<>();
    private long current;

    /** A library of which nothing was asked yet. */
    public FakeCublas() {
        stub("cuCtxSetCurrent", "setCurrentContext", ADDRESS);
        stub("cublasCreate_v2", "create", ADDRESS);
        stub("cublasDestroy_v2", "destroy", ADDRESS);
        stub("cublasSetStream_v2", "setStream", ADDRESS, ADDRESS);
        stub("cublasSetMathMode", "setMathMode", ADDRESS, JAVA_INT);
        stub(
                "cublasGemmEx",
                "gemm",
                ADDRESS, // handle
                JAVA_INT, // transa
                JAVA_INT, // transb
                JAVA_INT, // m
                JAVA_INT, // n
                JAVA_INT, // k
                ADDRESS, // alpha
                ADDRESS, // A
                JAVA_INT, // Atype
                JAVA_INT, // lda
                ADDRESS, // B
                JAVA_INT, // Btype
                JAVA_INT, // ldb
                ADDRESS, // beta
                ADDRESS, // C
                JAVA_INT, // Ctype
                JAVA_INT, // ldc
                JAVA_INT, // computeType
                JAVA_INT); // algo
        stub(
                "cublasGemmStridedBatchedEx",
                "gemmStridedBatched",
                ADDRESS, // handle
                JAVA_INT, // transa
                JAVA_INT, // transb
                JAVA_INT, // m
                JAVA_INT, // n
                JAVA_INT, // k
                ADDRESS, // alpha
                ADDRESS, // A
                JAVA_INT, // Atype
                JAVA_INT, // lda
                JAVA_LONG, // strideA
                ADDRESS, // B
                JAVA_INT, // Btype
                JAVA_INT, // ldb
                JAVA_LONG, // strideB
                ADDRESS, // beta
                ADDRESS, // C
                JAVA_INT, // Ctype
                JAVA_INT, // ldc
                JAVA_LONG, // strideC
                JAVA_INT, // batchCount
                JAVA_INT, // computeType
                JAVA_INT); // algo
    }

    private void stub(String symbol, String name, MemoryLayout... parameters) {
        FunctionDescriptor descriptor = FunctionDescriptor.of(JAVA_INT, parameters);
        try {
            MethodHandle method = MethodHandles.lookup()
                    .findVirtual(FakeCublas.class, name, descriptor.toMethodType())
                    .bindTo(this);
            functions.put(symbol, Linker.nativeLinker().upcallStub(method, descriptor, Arena.ofAuto()));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@return a provider of this library} */
    public CublasProvider provider() {
        return new CublasProvider(this::symbols);
    }

    SymbolLookup symbols() {
        return name -> Optional.ofNullable(functions.get(name));
    }

    /** Forgets a function, as an older library does not have it. */
    void remove(String function) {
        functions.remove(function);
    }

    /** Lets a function return an error from now on. */
    public void fail(String function, int status) {
        failing.put(function, status);
    }

    /** {@return the functions that multiplied, in order} */
    public List<String> calls() {
        return calls;
    }

    /** {@return the handles that are open, with their streams} */
    Map<Long, Long> streams() {
        Map<Long, Long> open = new HashMap<>(streams);
        open.keySet().removeAll(closed);
        return open;
    }

    int mathMode(long handle) {
        return mathModes.getOrDefault(handle, 0);
    }

    long contextOf(long handle) {
        return contexts.getOrDefault(handle, 0L);
    }

    private int status(String function) {
        return failing.getOrDefault(function, SUCCESS);
    }

    private boolean isOpen(MemorySegment handle) {
        Long context = contexts.get(handle.address());
        return context != null && context == current && !closed.contains(handle.address());
    }

    @SuppressWarnings("unused") // by its name
    private int setCurrentContext(MemorySegment context) {
        current = context.address();
        return status("cuCtxSetCurrent");
    }

    @SuppressWarnings("unused")
    private int create(MemorySegment handle) {
        long number = FIRST_HANDLE + contexts.size();
        contexts.put(number, current);
        handle.reinterpret(Long.BYTES).set(JAVA_LONG, 0, number);
        return status("cublasCreate_v2");
    }

    @SuppressWarnings("unused")
    private int destroy(MemorySegment handle) {
        return isOpen(handle) && closed.add(handle.address()) ? status("cublasDestroy_v2") : NOT_INITIALIZED;
    }

    @SuppressWarnings("unused")
    private int setStream(MemorySegment handle, MemorySegment stream) {
        streams.put(handle.address(), stream.address());
        return isOpen(handle) ? status("cublasSetStream_v2") : NOT_INITIALIZED;
    }

    @SuppressWarnings("unused")
    private int setMathMode(MemorySegment handle, int mode) {
        mathModes.put(handle.address(), mode);
        return isOpen(handle) ? status("cublasSetMathMode") : NOT_INITIALIZED;
    }

    @SuppressWarnings("unused")
    private int gemm(
            MemorySegment handle,
            int transa,
            int transb,
            int m,
            int n,
            int k,
            MemorySegment alpha,
            MemorySegment a,
            int aType,
            int lda,
            MemorySegment b,
            int bType,
            int ldb,
            MemorySegment beta,
            MemorySegment c,
            int cType,
            int ldc,
            int computeType,
            int algo) {
        calls.add("cublasGemmEx");
        Matrix first = new Matrix(a, aType, transa != 0, lda, 0);
        Matrix second = new Matrix(b, bType, transb != 0, ldb, 0);
        Matrix result = new Matrix(c, cType, false, ldc, 0);
        return isOpen(handle)
                ? multiply("cublasGemmEx", 1, m, n, k, alpha, first, second, beta, result, computeType, algo)
                : NOT_INITIALIZED;
    }

    @SuppressWarnings("unused")
    private int gemmStridedBatched(
            MemorySegment handle,
            int transa,
            int transb,
            int m,
            int n,
            int k,
            MemorySegment alpha,
            MemorySegment a,
            int aType,
            int lda,
            long strideA,
            MemorySegment b,
            int bType,
            int ldb,
            long strideB,
            MemorySegment beta,
            MemorySegment c,
            int cType,
            int ldc,
            long strideC,
            int batchCount,
            int computeType,
            int algo) {
        String name = "cublasGemmStridedBatchedEx";
        calls.add(name);
        Matrix first = new Matrix(a, aType, transa != 0, lda, strideA);
        Matrix second = new Matrix(b, bType, transb != 0, ldb, strideB);
        Matrix result = new Matrix(c, cType, false, ldc, strideC);
        return isOpen(handle)
                ? multiply(name, batchCount, m, n, k, alpha, first, second, beta, result, computeType, algo)
                : NOT_INITIALIZED;
    }

    private int multiply(
            String function,
            int count,
            int m,
            int n,
            int k,
            MemorySegment alphaPlace,
            Matrix a,
            Matrix b,
            MemorySegment betaPlace,
            Matrix c,
            int computeType,
            int algorithm) {
        if (computeType != COMPUTE_32F || algorithm != DEFAULT_ALGORITHM || !typesFit(a.type, b.type, c.type)) {
            return NOT_SUPPORTED;
        }
        if (!a.fits(m, k) || !b.fits(k, n) || !c.fits(m, n)) {
            return INVALID_VALUE;
        }
        float alpha = alphaPlace.reinterpret(Float.BYTES).get(JAVA_FLOAT_UNALIGNED, 0);
        float beta = betaPlace.reinterpret(Float.BYTES).get(JAVA_FLOAT_UNALIGNED, 0);
        for (int i = 0; i < count; i++) {
            for (int column = 0; column < n; column++) {
                for (int row = 0; row < m; row++) {
                    double sum = 0;
                    for (int l = 0; l < k; l++) {
                        sum += (double) a.get(i, row, l) * b.get(i, l, column);
                    }
                    double before = beta == 0 ? 0 : (double) beta * c.get(i, row, column);
                    c.set(i, row, column, (float) (alpha * sum + before));
                }
            }
        }
        return status(function);
    }

    private static boolean typesFit(int a, int b, int c) {
        return a == b && (a == F32 && c == F32 || a == BF16 && (c == BF16 || c == F32));
    }

    /** Column-major matrices at equal distances. */
    private record Matrix(MemorySegment start, int type, boolean transposed, int leading, long stride) {
        boolean fits(int rows, int columns) {
            return leading >= Math.max(1, transposed ? columns : rows);
        }

        private long at(int number, int row, int column) {
            long within = transposed ? column + (long) row * leading : row + (long) column * leading;
            return (number * stride + within) * (type == F32 ? Float.BYTES : Short.BYTES);
        }

        float get(int number, int row, int column) {
            MemorySegment memory = start.reinterpret(Long.MAX_VALUE);
            long at = at(number, row, column);
            return type == F32
                    ? memory.get(JAVA_FLOAT_UNALIGNED, at)
                    : Float.intBitsToFloat(memory.get(JAVA_SHORT_UNALIGNED, at) << Short.SIZE);
        }

        void set(int number, int row, int column, float value) {
            MemorySegment memory = start.reinterpret(Long.MAX_VALUE);
            long at = at(number, row, column);
            if (type == F32) {
                memory.set(JAVA_FLOAT_UNALIGNED, at, value);
            } else { // ties to even
                int bits = Float.floatToRawIntBits(value);
                memory.set(JAVA_SHORT_UNALIGNED, at, (short) (bits + 0x7fff + (bits >> Short.SIZE & 1) >> Short.SIZE));
            }
        }
    }
}
