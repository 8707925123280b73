package org.nanochat4j.engine.tornado.cublas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.tornado.cublas.Gemm.Matrices;
import org.nanochat4j.engine.tornado.cublas.Gemm.Type;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/** What cuBLAS is asked for, through C functions, and what is made of its answers. */
class CublasTest {
    private static final long CONTEXT = 0x1234_5678_9ABCL;
    private static final long STREAM = 0x7654_3210L;

    private final Arena arena = Arena.ofShared();
    private final FakeCublas fake = new FakeCublas();

    @AfterEach
    void close() {
        arena.close();
    }

    private Cublas open() {
        return Cublas.open(new CublasFunctions(fake.symbols()), CONTEXT, STREAM);
    }

    /** Numbers of few bits, so that BF16 holds them, behind a place that is not the array's start. */
    private MemorySegment numbers(Type type, int at, int count, Random random) {
        int size = type == Type.F32 ? Float.BYTES : Short.BYTES;
        MemorySegment array = arena.allocate((long) (at + count) * size, 8);
        for (int i = at; i < at + count; i++) {
            put(array, type, i, random.nextInt(33) / 8f - 2);
        }
        return array;
    }

    private static void put(MemorySegment array, Type type, int index, float value) {
        if (type == Type.F32) {
            array.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
        } else {
            array.setAtIndex(ValueLayout.JAVA_SHORT, index, (short) (Float.floatToRawIntBits(value) >> Short.SIZE));
        }
    }

    private static float get(MemorySegment array, Type type, int index) {
        return type == Type.F32
                ? array.getAtIndex(ValueLayout.JAVA_FLOAT, index)
                : Float.intBitsToFloat(array.getAtIndex(ValueLayout.JAVA_SHORT, index) << Short.SIZE);
    }

    @ParameterizedTest(name = "{0} products of {1} to {2}, c = {3} a b + {4} c")
    @CsvSource({
        "1, F32, F32, 1, 0",
        "1, F32, F32, 1, 1",
        "3, F32, F32, 0.5, 0",
        "2, F32, F32, -2, 1",
        "1, BF16, F32, 1, 1",
        "1, BF16, BF16, 1, 0",
        "2, BF16, F32, 1, 0"
    })
    void multipliesRowMajor(int stack, Type factors, Type result, float alpha, float beta) {
        int m = 5;
        int n = 7;
        int k = 3;
        Random random = new Random(11);
        try (Cublas cublas = open()) {
            for (int variant = 0; variant < 4; variant++) {
                boolean transposeA = variant % 2 == 1;
                boolean transposeB = variant / 2 == 1;
                MemorySegment a = numbers(factors, 2, stack * m * k, random);
                MemorySegment b = numbers(factors, 9, stack * k * n, random);
                MemorySegment c = numbers(result, 5, stack * m * n, random);
                float[] before = new float[5 + stack * m * n];
                for (int i = 0; i < before.length; i++) {
                    before[i] = get(c, result, i);
                }
                Gemm gemm = new Gemm(
                        stack,
                        m,
                        n,
                        k,
                        transposeA,
                        transposeB,
                        alpha,
                        beta,
                        new Matrices(factors, 2),
                        new Matrices(factors, 9),
                        new Matrices(result, 5));
                cublas.multiply(gemm, a.address(), b.address(), c.address());
                for (int i = 0; i < stack * m * n; i++) {
                    int number = i / (m * n);
                    int row = i / n % m;
                    int column = i % n;
                    float sum = 0;
                    for (int l = 0; l < k; l++) {
                        int left = number * m * k + (transposeA ? l * m + row : row * k + l);
                        int right = number * k * n + (transposeB ? column * k + l : l * n + column);
                        sum += get(a, factors, 2 + left) * get(b, factors, 9 + right);
                    }
                    float expected = alpha * sum + beta * before[5 + i];
                    assertEquals(
                            expected,
                            get(c, result, 5 + i),
                            result == Type.F32 ? 0 : Math.abs(expected) * 0x1p-8,
                            gemm + " element " + i);
                }
                for (int i = 0; i < 5; i++) {
                    assertEquals(before[i], get(c, result, i), "what lies before c stays");
                }
            }
        }
        String function = stack == 1 ? "cublasGemmEx" : "cublasGemmStridedBatchedEx";
        assertEquals(List.of(function, function, function, function), fake.calls());
    }

    @Test
    @DisplayName("opened in the plan's context, on its stream, with sums in F32, and closed")
    void opensOnTheStream() {
        try (Cublas cublas = open()) {
            assertInstanceOf(Cublas.class, cublas);
            Map<Long, Long> streams = fake.streams();
            assertEquals(List.of(STREAM), List.copyOf(streams.values()));
            long handle = streams.keySet().iterator().next();
            assertEquals(CONTEXT, fake.contextOf(handle));
            assertEquals(16, fake.mathMode(handle));
        }
        assertEquals(Map.of(), fake.streams());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cublasCreate_v2", "cublasSetStream_v2", "cublasSetMathMode"})
    @DisplayName("a library that does not open is an error that names status and remedy")
    void failsToOpen(String function) {
        fake.fail(function, 1);
        EngineException.DeviceFailed failed = assertThrows(EngineException.DeviceFailed.class, this::open);
        String message = String.valueOf(failed.getMessage());
        assertTrue(message.contains(function.replace("_v2", "")), message);
        assertTrue(message.contains("CUBLAS_STATUS_NOT_INITIALIZED"), message);
        assertTrue(message.contains("nvidia-smi"), message);
    }

    @ParameterizedTest(name = "status {0}")
    @CsvSource({"3, CUBLAS_STATUS_ALLOC_FAILED, NANOCHAT_DEVICE_MEMORY", "13, CUBLAS_STATUS_EXECUTION_FAILED, report"})
    @DisplayName("a product that fails is an error that names shapes, status and remedy")
    void failsToMultiply(int status, String name, String remedy) {
        fake.fail("cublasGemmEx", status);
        MemorySegment memory = arena.allocate(64);
        Matrices matrices = new Matrices(Type.F32, 0);
        Gemm gemm = new Gemm(1, 2, 1, 3, false, true, 1, 0, matrices, matrices, matrices);
        try (Cublas cublas = open()) {
            EngineException.DeviceFailed failed = assertThrows(
                    EngineException.DeviceFailed.class,
                    () -> cublas.multiply(gemm, memory.address(), memory.address(), memory.address()));
            String message = String.valueOf(failed.getMessage());
            assertTrue(message.startsWith("cublasGemmEx of cuBLAS failed with " + name), message);
            assertTrue(message.contains("(2, 3) and (3, 1)ᵀ in F32"), message);
            assertTrue(message.contains(remedy), message);
            assertTrue(message.contains("NANOCHAT_TORNADO_LIBRARIES=off"), message);
        }
    }

    @Test
    @DisplayName("a context that is gone is an error")
    void failsInItsContext() {
        fake.fail("cuCtxSetCurrent", 201);
        EngineException.DeviceFailed failed = assertThrows(EngineException.DeviceFailed.class, this::open);
        assertTrue(String.valueOf(failed.getMessage()).contains("201"), failed::getMessage);
    }

    @Test
    @DisplayName("a library without a function that is needed is refused by the function's name")
    void tooOld() {
        fake.remove("cublasGemmStridedBatchedEx");
        EngineException.NoBackend refused = assertThrows(EngineException.NoBackend.class, this::open);
        assertTrue(String.valueOf(refused.getMessage()).contains("cublasGemmStridedBatchedEx"), refused::getMessage);
    }

    @Test
    @DisplayName("the provider is registered as TornadoVM looks for it")
    void isAService() {
        Optional<TornadoLibraryProvider> provider = ServiceLoader.load(TornadoLibraryProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(found -> found.libraryName().equals(CublasProvider.LIBRARY))
                .findFirst();
        assertInstanceOf(CublasProvider.class, provider.orElseThrow());
    }
}
