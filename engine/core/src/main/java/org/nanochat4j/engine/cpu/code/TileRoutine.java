package org.nanochat4j.engine.cpu.code;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;
import java.util.Collections;
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

    /** Floating-point operations of a step of one block; a multiply-add counts two. */
    public static final int STEP_FLOPS = 2 * BLOCK * BLOCK * BLOCK;

    private static final Bound BOUND = bind(Processor.current());

    // Constants of their own: the compiler turns calls of constant handles into plain calls.
    private static final @Nullable MethodHandle STORE = BOUND.store;
    private static final @Nullable MethodHandle ADD = BOUND.add;
    private static final @Nullable MethodHandle PEAK = BOUND.peak;

    private record Bound(
            Optional<String> obstacle,
            @Nullable MethodHandle store,
            @Nullable MethodHandle add,
            @Nullable MethodHandle peak) {}

    private TileRoutine() {}

    private static Bound bind(Processor processor) {
        Optional<String> obstacle = obstacle(processor, TilePermission::linux);
        if (obstacle.isPresent()) {
            return new Bound(obstacle, null, null, null);
        }
        try {
            return new Bound(
                    Optional.empty(),
                    handle(TileCode.write(false), 6),
                    handle(TileCode.write(true), 6),
                    handle(TileCode.writePeak(), 1));
        } catch (CodeRefused e) {
            return new Bound(Optional.of(e.reason()), null, null, null);
        }
    }

    private static MethodHandle handle(byte[] code, int arguments) throws CodeRefused {
        MemoryLayout[] integers = Collections.nCopies(arguments, JAVA_LONG).toArray(MemoryLayout[]::new);
        return Linker.nativeLinker()
                .downcallHandle(CodePage.map(code), FunctionDescriptor.ofVoid(integers), Linker.Option.critical(false));
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
     * C = A B or C += A B.
     *
     * @param blocks of 32 rows, at least 1
     * @param steps of 32 along k, at least 1
     * @param a address of blocks x steps units
     * @param b address of steps units
     * @param c address of (32 blocks, 32) F32
     * @param ldc bytes from one row of C to the next
     */
    public static void multiply(long blocks, long steps, long a, long b, long c, long ldc, boolean add) {
        try {
            if (add) {
                requireNonNull(ADD).invokeExact(a, b, c, ldc, blocks, steps);
            } else {
                requireNonNull(STORE).invokeExact(a, b, c, ldc, blocks, steps);
            }
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /**
     * Multiplies what is in the tiles and touches no memory: the rate that no product exceeds.
     *
     * @param steps of 32 along k for a block of C, {@link #STEP_FLOPS} each; at least 1
     */
    public static void peak(long steps) {
        try {
            requireNonNull(PEAK).invokeExact(steps);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    private static AssertionError failed(Throwable e) {
        return new AssertionError("the routine throws nothing itself", e);
    }
}
