package org.nanochat4j.engine.cpu;

import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.cpu.kernels.Memory;
import org.nanochat4j.engine.op.CustomBuffer;

/**
 * A tensor's memory as a custom op's kernel sees it, with bounds checks.
 *
 * @param type element type and shape
 * @param address of the first element
 */
record RawBuffer(TensorType type, long address) implements CustomBuffer {
    @Override
    public double get(long index) {
        long at = at(index);
        return switch (type.dtype()) {
            case F32 -> Memory.getFloat(at);
            case I32 -> Memory.getInt(at);
            case BF16 -> Bf16.toFloat(Memory.getShort(at));
            case F16 -> Float.float16ToFloat(Memory.getShort(at));
            case I8 -> Memory.getByte(at);
            case F64 -> throw doubles();
        };
    }

    @Override
    public void set(long index, double value) {
        long at = at(index);
        switch (type.dtype()) {
            case F32 -> Memory.putFloat(at, (float) value);
            case I32 -> Memory.putInt(at, (int) value);
            case F16 -> Memory.putShort(at, Float.floatToFloat16((float) value));
            case BF16 -> Memory.putShort(at, Bf16.bits((float) value));
            case I8 -> Memory.putByte(at, (byte) value);
            case F64 -> throw doubles();
        }
    }

    private static IllegalStateException doubles() {
        return new IllegalStateException(DType.F64 + " is for the reference only");
    }

    private long at(long index) {
        if (index < 0 || index >= type.elements()) {
            throw new IndexOutOfBoundsException("element " + index + " of a tensor " + type);
        }
        return address + index * type.dtype().bytes();
    }
}
