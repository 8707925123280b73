package org.nanochat4j.engine.cpu.code;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Optional;

/**
 * The permission to use the tile registers of AMX, which Linux gives to a process that asks: they make what it saves of a thread 8 KiB larger.
 *
 * <p>Source: Documentation/arch/x86/xstate.rst of Linux. The permission is for all threads and lasts.
 */
final class TilePermission {
    /** The system call arch_prctl. */
    @FunctionalInterface
    interface ArchPrctl {
        /** {@return 0, or the number of the error} */
        int call(long request, long argument) throws CodeRefused;
    }

    private static final long SYS_ARCH_PRCTL = 158;
    private static final long ARCH_REQ_XCOMP_PERM = 0x1023;
    private static final long XFEATURE_XTILEDATA = 18;

    private TilePermission() {}

    /** Asks for the tile registers; says why they are refused, or nothing when this process may use them. */
    static Optional<String> request(ArchPrctl system) {
        try {
            int error = system.call(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA);
            return error == 0
                    ? Optional.empty()
                    : Optional.of(
                            "the system refuses the tile registers (arch_prctl, errno " + error + meaning(error) + ")");
        } catch (CodeRefused e) {
            return Optional.of(e.reason());
        }
    }

    private static String meaning(int error) {
        return switch (error) {
            case 1 -> ": not permitted to this process";
            case 22 -> ": older than Linux 5.16";
            case 28 -> ": a thread has too small a stack for signals";
            case 38 -> ": no such call";
            case 95 -> ": not supported by processor or kernel";
            default -> "";
        };
    }

    /** The call itself, through the C library. */
    static int linux(long request, long argument) throws CodeRefused {
        Linker linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup()
                .find("syscall")
                .orElseThrow(() -> new CodeRefused("the C library has no function syscall"));
        MethodHandle syscall = linker.downcallHandle(
                symbol,
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(1),
                Linker.Option.captureCallState("errno"));
        VarHandle errno = Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            long result = (long) syscall.invokeExact(state, SYS_ARCH_PRCTL, request, argument);
            return result == 0 ? 0 : (int) errno.get(state, 0L);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
