package org.nanochat4j.engine.cpu.kernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Memory between two pages that nobody may touch, on Linux; it ends exactly where the second begins. An access outside kills the process. */
final class GuardedMemory implements AutoCloseable {
    private static final long PAGE = 4096;
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;

    private static final MethodHandle MMAP = function(
            "mmap", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MPROTECT =
            function("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle MUNMAP = function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

    private final MemorySegment pages;
    private final MemorySegment content;

    GuardedMemory(long bytes) {
        long inner = (bytes + PAGE - 1) / PAGE * PAGE;
        try {
            MemorySegment start = (MemorySegment)
                    MMAP.invokeExact(MemorySegment.NULL, inner + 2 * PAGE, 0, PRIVATE_ANONYMOUS, -1, 0L);
            if (start.address() == -1) {
                throw new IllegalStateException("no memory");
            }
            pages = start.reinterpret(inner + 2 * PAGE);
            int failed = (int) MPROTECT.invokeExact(pages.asSlice(PAGE, inner), inner, READ_WRITE);
            if (failed != 0) {
                throw new IllegalStateException("memory cannot be made writable");
            }
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        content = pages.asSlice(PAGE + inner - bytes, bytes);
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type);
    }

    long address() {
        return content.address();
    }

    byte[] bytes() {
        return content.toArray(JAVA_BYTE);
    }

    void set(byte[] bytes) {
        content.copyFrom(MemorySegment.ofArray(bytes));
    }

    @Override
    public void close() {
        try {
            int failed = (int) MUNMAP.invokeExact(pages, pages.byteSize());
            if (failed != 0) {
                throw new IllegalStateException("memory cannot be given back");
            }
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
