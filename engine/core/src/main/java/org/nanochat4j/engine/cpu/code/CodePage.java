package org.nanochat4j.engine.cpu.code;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Memory that holds machine code: writable until it is filled, then readable and executable, never both. It stays for the life of the process.
 *
 * <p>mmap and mprotect of the C library, with the numbers of Linux on x86-64.
 */
final class CodePage {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXECUTE = 4;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final long PAGE = 4096;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final VarHandle ERROR =
            Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private CodePage() {}

    /**
     * Maps code.
     *
     * @return the first byte, a function to be called
     * @throws CodeRefused if the system maps no memory or does not make it executable
     */
    static MemorySegment map(byte[] code) throws CodeRefused {
        long bytes = (code.length + PAGE - 1) / PAGE * PAGE;
        MethodHandle mmap = function(
                "mmap", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        MethodHandle mprotect = function("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            MemorySegment page = (MemorySegment)
                    mmap.invokeExact(state, MemorySegment.NULL, bytes, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (page.address() == -1) {
                throw new CodeRefused("the system gave no memory for machine code (mmap, errno " + error(state) + ")");
            }
            MemorySegment target = page.reinterpret(bytes);
            MemorySegment.copy(MemorySegment.ofArray(code), 0, target, 0, code.length);
            int failed = (int) mprotect.invokeExact(state, target, bytes, READ | EXECUTE);
            if (failed != 0) {
                throw new CodeRefused(
                        "the system does not let memory become executable (mprotect, errno " + error(state) + ")");
            }
            return target;
        } catch (CodeRefused e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static int error(MemorySegment state) {
        return (int) ERROR.get(state, 0L);
    }

    private static MethodHandle function(String name, FunctionDescriptor type) throws CodeRefused {
        MemorySegment symbol = LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new CodeRefused("the C library has no function " + name));
        return LINKER.downcallHandle(symbol, type, ERRNO);
    }
}
