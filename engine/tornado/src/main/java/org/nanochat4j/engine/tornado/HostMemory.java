package org.nanochat4j.engine.tornado;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.nanochat4j.engine.EngineException;

/**
 * Zeroed host memory that takes up no page before it is touched.
 *
 * <p>Every TornadoVM array has a host side as large as its device side. That of temporaries is never used, and {@code Arena.allocate} would write zeros to all
 * of it; C's {@code calloc} takes large blocks from the operating system, which hands out zero pages on first touch.
 */
final class HostMemory {
    private static final Linker LINKER = Linker.nativeLinker();

    private static final MethodHandle CALLOC = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("calloc"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private static final MethodHandle FREE = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("free"), FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

    private HostMemory() {}

    /** Memory that is freed when it is no longer reachable. */
    static MemorySegment untouched(long bytes) {
        MemorySegment memory = calloc(bytes);
        if (memory.address() == 0) {
            throw new EngineException.OutOfMemory(
                    "no " + bytes
                            + " bytes of host memory for the host side of a device array\n  remedy: use a smaller batch, or allow the system to overcommit memory");
        }
        return memory.reinterpret(bytes, Arena.ofAuto(), HostMemory::free);
    }

    private static MemorySegment calloc(long bytes) {
        try {
            return (MemorySegment) CALLOC.invokeExact(bytes, 1L);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void free(MemorySegment memory) {
        try {
            FREE.invokeExact(memory);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
