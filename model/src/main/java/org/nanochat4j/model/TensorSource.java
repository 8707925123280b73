package org.nanochat4j.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.runtime.Engine;

/**
 * A tensor that is to be written to a file piece by piece, so that it never has to be in the heap as a whole.
 *
 * @param name unique in the file
 * @param type element type
 * @param shape extents, outermost first
 * @param bytes gives its little-endian bytes
 */
public record TensorSource(String name, StoredType type, List<Long> shape, Bytes bytes) {
    /** Where a tensor's bytes come from. */
    @FunctionalInterface
    public interface Bytes {
        /**
         * Reads a part.
         *
         * @param offset first byte
         * @param target takes the bytes; its size says how many
         */
        void read(long offset, MemorySegment target);
    }

    /**
     * A source.
     *
     * @param name unique in the file
     * @param type element type
     * @param shape extents, outermost first
     * @param bytes gives its little-endian bytes
     */
    public TensorSource {
        shape = List.copyOf(shape);
    }

    /**
     * A variable of an engine.
     *
     * @param engine where it lives
     * @param variable F32 or I32
     * @return its source, under the variable's own name
     */
    public static TensorSource of(Engine engine, Variable variable) {
        return of(variable, (offset, target) -> engine.read(variable, offset, target));
    }

    /** A copy of a variable; native memory, which any thread may read. */
    static TensorSource of(Variable variable, MemorySegment copy) {
        return of(variable, from(copy));
    }

    private static TensorSource of(Variable variable, Bytes bytes) {
        StoredType type = switch (variable.type().dtype()) {
            case F32 -> StoredType.F32;
            case BF16 -> StoredType.BF16;
            case F16 -> StoredType.F16;
            case I32 -> StoredType.I32;
            case I8 -> StoredType.I8;
            case F64 -> StoredType.F64;
        };
        List<Long> shape = Arrays.stream(variable.type().shape().dims())
                .mapToObj(Long::valueOf)
                .toList();
        return new TensorSource(variable.name(), type, shape, bytes);
    }

    /**
     * Numbers in the heap.
     *
     * @param name unique in the file
     * @param values row-major
     * @param shape extents
     * @return their source
     */
    public static TensorSource of(String name, float[] values, long... shape) {
        return new TensorSource(name, StoredType.F32, boxed(shape), from(MemorySegment.ofArray(values)));
    }

    /**
     * Whole numbers in the heap.
     *
     * @param name unique in the file
     * @param values row-major
     * @param shape extents
     * @return their source
     */
    public static TensorSource of(String name, long[] values, long... shape) {
        return new TensorSource(name, StoredType.I64, boxed(shape), from(MemorySegment.ofArray(values)));
    }

    private static Bytes from(MemorySegment source) {
        return (offset, target) -> MemorySegment.copy(
                source, ValueLayout.JAVA_BYTE, offset, target, ValueLayout.JAVA_BYTE, 0, target.byteSize());
    }

    private static List<Long> boxed(long[] shape) {
        return Arrays.stream(shape).boxed().toList();
    }

    /** {@return its size} */
    public long byteCount() {
        return shape.stream().reduce(1L, Math::multiplyExact) * type.bytes();
    }
}
