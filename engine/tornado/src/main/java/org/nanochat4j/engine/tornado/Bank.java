package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One array of device memory that many tensors share, each at its own offset.
 *
 * <p>Few large arrays instead of one for each tensor: a task graph has room for about a thousand nodes, an argument that names a new array takes several, and
 * every graph of a plan must know every array to hand it on to the next.
 *
 * @param name for messages
 * @param use what the bank is for
 * @param dtype type of its elements
 * @param array TornadoVM's array; its host side is memory that is only touched where something is copied
 */
record Bank(String name, Use use, DType dtype, TornadoNativeArray array) {
    /** Elements between the starts of two tensors; 64 bytes of F32. */
    static final int ALIGNMENT = 16;

    /** What a bank is for. */
    enum Use {
        /** Variables: zero at the start, uploaded when the host has written them. */
        RESIDENT,
        /** Variables that the host writes and no program does: transferred before every run of a program that reads them. */
        STREAMED,
        /** Temporaries and scratch memory: garbage at the start of a program. */
        ARENA
    }

    /**
     * Makes a bank.
     *
     * @param name for messages
     * @param use what it is for
     * @param dtype F32, I32 or BF16
     * @param elements how many, at least 1
     */
    static Bank of(String name, Use use, DType dtype, int elements) {
        MemorySegment memory = HostMemory.untouched(TornadoNativeArray.ARRAY_HEADER + (long) elements * dtype.bytes());
        TornadoNativeArray array = switch (dtype) {
            case F32 -> FloatArray.fromSegmentShallow(memory);
            case I32 -> IntArray.fromSegmentShallow(memory);
            case BF16 -> ShortArray.fromSegmentShallow(memory);
            case F16, I8, F64 ->
                throw new EngineException.BadProgram("TornadoVM keeps no tensors of " + dtype + ", but " + name
                        + " would hold some\n  remedy: use weights of F32, or the CPU backend (--backend cpu)");
        };
        return new Bank(name, use, dtype, array);
    }

    FloatArray floats() {
        return (FloatArray) array;
    }

    IntArray ints() {
        return (IntArray) array;
    }

    ShortArray halves() {
        return (ShortArray) array;
    }

    int elements() {
        return array.getSize();
    }

    long bytes() {
        return (long) elements() * dtype.bytes();
    }

    /** The host side of some elements. */
    MemorySegment host(int at, int count) {
        return array.getSegment().asSlice((long) at * dtype.bytes(), (long) count * dtype.bytes());
    }

    /** An offset rounded up to where the next tensor may start. */
    static long align(long elements) {
        return (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
