package org.nanochat4j.engine.reference;

import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.op.CustomBuffer;

/** The elements of one tensor as doubles, whatever its element type; only BF16 and I32 are rounded to what they can hold. */
final class ReferenceBuffer implements CustomBuffer {
    private final TensorType type;
    final double[] values;

    ReferenceBuffer(TensorType type, double[] values) {
        this.type = type;
        this.values = values;
    }

    ReferenceBuffer(TensorType type) {
        this(type, new double[Math.toIntExact(type.elements())]);
    }

    @Override
    public TensorType type() {
        return type;
    }

    @Override
    public double get(long index) {
        return values[Math.toIntExact(index)];
    }

    @Override
    public void set(long index, double value) {
        values[Math.toIntExact(index)] = round(type.dtype(), value);
    }

    /** Rounds all elements to what they can hold. */
    void round() {
        if (type.dtype() == DType.BF16) {
            for (int i = 0; i < values.length; i++) {
                values[i] = round(DType.BF16, values[i]);
            }
        }
    }

    int dim(int axis) {
        return type.shape().dim(axis);
    }

    int last() {
        return type.shape().last();
    }

    int rows() {
        return type.shape().rows();
    }

    /** An id or a position. */
    int id(int index) {
        return (int) values[index];
    }

    /** What an element type makes of a number; F32 keeps double precision, which is the point of the reference. */
    static double round(DType dtype, double value) {
        return switch (dtype) {
            case F32, F64 -> value;
            case I32 -> (int) value;
            case I8 -> (byte) value;
            case BF16 -> Bf16.round((float) value);
            case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) value));
        };
    }
}
