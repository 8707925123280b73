package org.nanochat4j.engine.cpu.code;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The code of {@link TileCode}, ready to be called where the machine runs it: see there for the packing of A and B.
 *
 * <p>The first use of this class asks the system for the tile registers. The calls are critical: the thread stays in Java for the JVM, and a safepoint
 * waits for it. Callers keep the work of one call below 200 microseconds, which is about 50 million multiply-adds.
 */
public final class TileRoutine {
    /** Rows and columns of a block of C, and k of a step. */
    public static final int BLOCK = 32;

    /** Bytes of A or of B for a block and a step. */
    public static final int UNIT_BYTES = 2 * BLOCK * BLOCK;

    private static final Bound BOUND = bind(Processor.current());

    // Constants of their own: the compiler turns calls of constant handles into plain calls.
    private static final @Nullable MethodHandle STORE = BOUND.store;
    private static final @Nullable MethodHandle ADD = BOUND.add;

    private record Bound(
            Optional<String> obstacle,
            @Nullable MethodHandle store,
            @Nullable MethodHandle add) {}

    private TileRoutine() {}

    private static Bound bind(Processor processor) {
        Optional<String> obstacle = obstacle(processor, TilePermission::linux);
        if (obstacle.isPresent()) {
            return new Bound(obstacle, null, null);
        }
        try {
            return new Bound(Optional.empty(), handle(false), handle(true));
        } catch (CodeRefused e) {
            return new Bound(Optional.of(e.reason()), null, null);
        }
    }

    private static MethodHandle handle(boolean add) throws CodeRefused {
        return Linker.nativeLinker()
                .downcallHandle(
                        CodePage.map(TileCode.write(add)),
                        FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                        Linker.Option.critical(false));
    }

    /** The system is asked only where the processor has tiles. */
    static Optional<String> obstacle(Processor processor, TilePermission.ArchPrctl system) {
        return processor.obstacle("amx_tile", "amx_bf16").or(() -> TilePermission.request(system));
    }

    /** Why there is no routine here; empty if there is. */
    public static Optional<String> obstacle() {
        return BOUND.obstacle;
    }

    /**
     * C = A B.
     *
     * @param blocks of 32 rows, at least 1
     * @param steps of 32 along k, at least 1
     * @param a address of blocks x steps units
     * @param b address of steps units
     * @param c address of (32 blocks, 32) F32
     * @param ldc bytes from one row of C to the next
     */
    public static void store(long blocks, long steps, long a, long b, long c, long ldc) {
        try {
            requireNonNull(STORE).invokeExact(a, b, c, ldc, blocks, steps);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** C += A B; parameters as for {@link #store}. */
    public static void add(long blocks, long steps, long a, long b, long c, long ldc) {
        try {
            requireNonNull(ADD).invokeExact(a, b, c, ldc, blocks, steps);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    private static AssertionError failed(Throwable e) {
        return new AssertionError("the routine throws nothing itself", e);
    }
}
