package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.spi.DeviceBuffer;

/** A tensor of this backend. Buffers are equal only to themselves: autodiff tells values apart by them. */
final class TornadoBuffer implements DeviceBuffer {
    private final TensorType type;
    private final Memory memory;

    TornadoBuffer(TensorType type) {
        this(type, new Memory(type.bytes()));
    }

    private TornadoBuffer(TensorType type, Memory memory) {
        this.type = type;
        this.memory = memory;
    }

    /** The buffer behind the engine's interface. */
    static TornadoBuffer of(DeviceBuffer buffer) {
        if (buffer instanceof TornadoBuffer tornado) {
            return tornado;
        }
        throw new EngineException.BadProgram("a buffer of another backend reached TornadoVM: " + buffer.type());
    }

    @Override
    public TensorType type() {
        return type;
    }

    Memory memory() {
        return memory;
    }

    @Override
    public void write(long offset, MemorySegment source) {
        require(offset, source.byteSize());
        memory.write(offset, source);
    }

    @Override
    public void read(long offset, MemorySegment target) {
        require(offset, target.byteSize());
        memory.read(offset, target);
    }

    private void require(long offset, long bytes) {
        if (offset < 0 || offset + bytes > memory.bytes()) {
            throw new EngineException.BadData("bytes " + offset + " to " + (offset + bytes) + " are outside a tensor "
                    + type + " of " + memory.bytes() + " bytes");
        }
    }

    @Override
    public DeviceBuffer view(TensorType other) {
        return new TornadoBuffer(other, memory);
    }
}
