package org.nanochat4j.engine.cpu.code;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Collections;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.cpu.code.PanelCode.Result;

/**
 * The code of {@link PanelCode}, ready to be called where the machine runs it: see there for the arguments.
 *
 * <p>The calls are critical: the thread stays in Java for the JVM, so that a call costs nanoseconds and a safepoint waits for it. Callers keep the work
 * of one call below 200 microseconds, which is about 10 million multiply-adds.
 */
public final class PanelRoutine {
    /** Floats of a vector. */
    public static final int LANES = 8;

    /** Rows of a strip of A. */
    public static final int ROWS = PanelCode.ROWS;

    private static final Bound BOUND = bind(Processor.current());

    // Constants of their own: the compiler turns calls of constant handles into plain calls.
    private static final @Nullable MethodHandle STORE = BOUND.store;
    private static final @Nullable MethodHandle ADD = BOUND.add;
    private static final @Nullable MethodHandle SCALE = BOUND.scale;
    private static final @Nullable MethodHandle STORE_PACKED = BOUND.storePacked;
    private static final @Nullable MethodHandle ADD_PACKED = BOUND.addPacked;

    private record Bound(
            Optional<String> obstacle,
            @Nullable MethodHandle store,
            @Nullable MethodHandle add,
            @Nullable MethodHandle scale,
            @Nullable MethodHandle storePacked,
            @Nullable MethodHandle addPacked) {}

    private PanelRoutine() {}

    private static Bound bind(Processor processor) {
        Optional<String> obstacle = processor.obstacle("avx2", "fma");
        if (obstacle.isPresent()) {
            return new Bound(obstacle, null, null, null, null, null);
        }
        try {
            MemorySegment store = CodePage.map(PanelCode.write(Result.STORE));
            MemorySegment add = CodePage.map(PanelCode.write(Result.ADD));
            MemorySegment scale = CodePage.map(PanelCode.write(Result.SCALE));
            return new Bound(
                    Optional.empty(),
                    handle(store, false),
                    handle(add, false),
                    handle(scale, false),
                    handle(store, true),
                    handle(add, true));
        } catch (CodeRefused e) {
            return new Bound(Optional.of(e.reason()), null, null, null, null, null);
        }
    }

    /** A function of twelve integers, of which the third may be an array of the heap. */
    private static MethodHandle handle(MemorySegment code, boolean heap) {
        MemoryLayout[] arguments = Collections.nCopies(12, JAVA_LONG).toArray(MemoryLayout[]::new);
        if (heap) {
            arguments[2] = ADDRESS;
        }
        return Linker.nativeLinker()
                .downcallHandle(code, FunctionDescriptor.ofVoid(arguments), Linker.Option.critical(heap));
    }

    /** Why there is no routine here; empty if there is. */
    public static Optional<String> obstacle() {
        return BOUND.obstacle;
    }

    /** C = A B or C += A B. */
    public static void multiply(
            long m,
            long k,
            long a,
            long rowStep,
            long step,
            long stripStep,
            long b,
            long ldb,
            long c,
            long ldc,
            boolean add) {
        try {
            if (add) {
                requireNonNull(ADD).invokeExact(m, k, a, rowStep, step, stripStep, b, ldb, c, ldc, 0L, 0L);
            } else {
                requireNonNull(STORE).invokeExact(m, k, a, rowStep, step, stripStep, b, ldb, c, ldc, 0L, 0L);
            }
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** C = A B or C += A B, with A in an array of the heap, so many bytes behind its start. */
    public static void multiply(
            long m,
            long k,
            MemorySegment a,
            long offset,
            long rowStep,
            long step,
            long stripStep,
            long b,
            long ldb,
            long c,
            long ldc,
            boolean add) {
        try {
            if (add) {
                requireNonNull(ADD_PACKED).invokeExact(m, k, a, rowStep, step, stripStep, b, ldb, c, ldc, 0L, offset);
            } else {
                requireNonNull(STORE_PACKED).invokeExact(m, k, a, rowStep, step, stripStep, b, ldb, c, ldc, 0L, offset);
            }
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** C = C diag(factor) + A B. */
    public static void scale(
            long m,
            long k,
            long a,
            long rowStep,
            long step,
            long stripStep,
            long b,
            long ldb,
            long c,
            long ldc,
            long factor) {
        try {
            requireNonNull(SCALE).invokeExact(m, k, a, rowStep, step, stripStep, b, ldb, c, ldc, factor, 0L);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    private static AssertionError failed(Throwable e) {
        return new AssertionError("the routine throws nothing itself", e);
    }
}
