package org.nanochat4j.engine;

/**
 * What is known of a tensor before it has data.
 *
 * @param dtype element type
 * @param shape extents
 */
public record TensorType(DType dtype, Shape shape) {
    /**
     * An F32 type.
     *
     * @param dims extents, outermost first
     * @return the type
     */
    public static TensorType f32(int... dims) {
        return new TensorType(DType.F32, Shape.of(dims));
    }

    /**
     * An I32 type.
     *
     * @param dims extents, outermost first
     * @return the type
     */
    public static TensorType i32(int... dims) {
        return new TensorType(DType.I32, Shape.of(dims));
    }

    /** {@return the number of elements} */
    public long elements() {
        return shape.elements();
    }

    /** {@return the size in bytes} */
    public long bytes() {
        return shape.elements() * dtype.bytes();
    }

    /**
     * The same element type with another shape.
     *
     * @param other the new shape
     * @return the new type
     */
    public TensorType withShape(Shape other) {
        return new TensorType(dtype, other);
    }

    @Override
    public String toString() {
        return dtype + " " + shape;
    }
}
