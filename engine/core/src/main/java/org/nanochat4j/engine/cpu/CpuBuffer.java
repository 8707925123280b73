package org.nanochat4j.engine.cpu;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.spi.DeviceBuffer;

/** Off-heap memory of one tensor. Buffers are equal only to themselves: autodiff tells values apart by them. */
final class CpuBuffer implements DeviceBuffer {
    private final TensorType type;
    private final MemorySegment segment;

    CpuBuffer(TensorType type, MemorySegment segment) {
        this.type = type;
        this.segment = segment;
    }

    @Override
    public TensorType type() {
        return type;
    }

    /** Where kernels find it; whoever uses the address keeps this buffer reachable. */
    long address() {
        return segment.address();
    }

    MemorySegment segment() {
        return segment;
    }

    @Override
    public void write(long offset, MemorySegment source) {
        require(offset, source.byteSize());
        MemorySegment.copy(source, 0, segment, offset, source.byteSize());
    }

    @Override
    public void read(long offset, MemorySegment target) {
        require(offset, target.byteSize());
        MemorySegment.copy(segment, offset, target, 0, target.byteSize());
    }

    private void require(long offset, long bytes) {
        if (offset < 0 || offset + bytes > segment.byteSize()) {
            throw new EngineException.BadData("bytes " + offset + " to " + (offset + bytes) + " are outside a tensor "
                    + type + " of " + segment.byteSize() + " bytes");
        }
    }

    @Override
    public DeviceBuffer view(TensorType other) {
        return new CpuBuffer(other, segment);
    }
}
