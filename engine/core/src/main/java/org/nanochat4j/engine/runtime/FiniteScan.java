package org.nanochat4j.engine.runtime;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.TensorType;

/**
 * What a look at every number of a tensor tells.
 *
 * @param first position of the first number that is not finite, row-major; -1 if there is none
 * @param number the first that is not finite, 0 if there is none
 * @param count how many are not finite
 * @param largest magnitude among the finite ones
 */
record FiniteScan(long first, float number, long count, float largest) {
    private static final int CHUNK = 1 << 14;

    /** Copies a part of a tensor to the host. */
    @FunctionalInterface
    interface Source {
        void read(long offset, MemorySegment target);
    }

    /** Whether every number is finite; integers always are. */
    boolean clean() {
        return count == 0;
    }

    /** Reads a tensor from beginning to end, in chunks. */
    static FiniteScan of(TensorType type, Source source) {
        return switch (type.dtype()) {
            case F32 -> floats(type.elements(), source);
            case BF16, F16 -> halves(type, source);
            case I32, I8, F64 -> new FiniteScan(-1, 0, 0, 0); // F64 is for the reference only, which is no backend
        };
    }

    private static FiniteScan floats(long elements, Source source) {
        float[] chunk = new float[(int) Math.min(CHUNK, elements)];
        FiniteScan found = new FiniteScan(-1, 0, 0, 0);
        for (long at = 0; at < elements; at += chunk.length) {
            int length = (int) Math.min(chunk.length, elements - at);
            source.read(at * Float.BYTES, MemorySegment.ofArray(chunk).asSlice(0, (long) length * Float.BYTES));
            found = found.with(at, chunk, length);
        }
        return found;
    }

    private static FiniteScan halves(TensorType type, Source source) {
        long elements = type.elements();
        short[] chunk = new short[(int) Math.min(CHUNK, elements)];
        float[] wide = new float[chunk.length];
        FiniteScan found = new FiniteScan(-1, 0, 0, 0);
        for (long at = 0; at < elements; at += chunk.length) {
            int length = (int) Math.min(chunk.length, elements - at);
            source.read(at * Short.BYTES, MemorySegment.ofArray(chunk).asSlice(0, (long) length * Short.BYTES));
            for (int i = 0; i < length; i++) {
                wide[i] = switch (type.dtype()) {
                    case BF16 -> Bf16.toFloat(chunk[i]);
                    default -> Float.float16ToFloat(chunk[i]);
                };
            }
            found = found.with(at, wide, length);
        }
        return found;
    }

    private FiniteScan with(long at, float[] values, int length) {
        long position = first;
        float bad = number;
        long bads = count;
        float most = largest;
        for (int i = 0; i < length; i++) {
            float magnitude = Math.abs(values[i]);
            if (magnitude <= Float.MAX_VALUE) {
                most = Math.max(most, magnitude);
            } else if (bads++ == 0) {
                position = at + i;
                bad = values[i];
            }
        }
        return new FiniteScan(position, bad, bads, most);
    }
}
