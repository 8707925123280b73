package org.nanochat4j.engine;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The extents of a tensor, outermost first; tensors are contiguous and row-major, so a shape says all about their layout. */
public final class Shape {
    private final int[] dims;
    private final long elements;

    private Shape(int[] dims) {
        long product = 1;
        for (int dim : dims) {
            if (dim < 1) {
                throw new IllegalArgumentException("extents must be positive: " + Arrays.toString(dims));
            }
            product = Math.multiplyExact(product, dim);
        }
        this.dims = dims;
        this.elements = product;
    }

    /**
     * A shape with these extents.
     *
     * @param dims extents, outermost first, each at least 1
     * @return the shape
     */
    public static Shape of(int... dims) {
        return new Shape(dims.clone());
    }

    /** {@return the number of dimensions} */
    public int rank() {
        return dims.length;
    }

    /**
     * One extent.
     *
     * @param axis 0 for the outermost; negative counts from the last, -1
     * @return the extent
     */
    public int dim(int axis) {
        return dims[axis < 0 ? dims.length + axis : axis];
    }

    /** {@return the extent of the last dimension} */
    public int last() {
        return dims[dims.length - 1];
    }

    /** {@return the number of elements} */
    public long elements() {
        return elements;
    }

    /** {@return the number of rows when all dimensions but the last are flattened} */
    public int rows() {
        return Math.toIntExact(elements / last());
    }

    /** {@return the extents, a copy} */
    public int[] dims() {
        return dims.clone();
    }

    /**
     * This shape with another extent.
     *
     * @param axis which dimension; negative counts from the last
     * @param dim the new extent
     * @return the new shape
     */
    public Shape with(int axis, int dim) {
        int[] copy = dims.clone();
        copy[axis < 0 ? dims.length + axis : axis] = dim;
        return new Shape(copy);
    }

    /**
     * This shape with one more dimension at the end.
     *
     * @param dim the extent of the new last dimension
     * @return the new shape
     */
    public Shape append(int dim) {
        int[] copy = Arrays.copyOf(dims, dims.length + 1);
        copy[dims.length] = dim;
        return new Shape(copy);
    }

    /** {@return this shape without its last dimension; (1) for a vector} */
    public Shape dropLast() {
        return dims.length == 1 ? of(1) : new Shape(Arrays.copyOf(dims, dims.length - 1));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Integer::toString).collect(Collectors.joining(", ", "(", ")"));
    }
}
