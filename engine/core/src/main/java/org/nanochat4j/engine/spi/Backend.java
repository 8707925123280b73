package org.nanochat4j.engine.spi;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Step;

/** Runs programs on a device. Not for use by several threads at once. */
public interface Backend extends AutoCloseable {
    /** {@return the name that users select it by} */
    String name();

    /** {@return what it runs on} */
    DeviceInfo device();

    /** {@return the type that a program had best compute in where it may choose: BF16 where the device multiplies that much faster, else F32} */
    default DType preferredType() {
        return DType.F32;
    }

    /**
     * Allocates the memory of a tensor, filled with zeros.
     *
     * @param type element type and shape
     * @return the buffer; it lives at least as long as it is reachable
     */
    DeviceBuffer allocate(TensorType type);

    /** Frees what {@link #allocate} and {@link #compile} gave and nothing refers to any longer, where that does not happen by itself in time. */
    default void reclaim() {}

    /**
     * Scratch memory that the kernel for a step needs besides operands and results.
     *
     * @param step an op with its operands
     * @return bytes
     */
    long scratchBytes(Step step);

    /**
     * The largest piece of memory that this device can hold: no temporary may lie across a multiple of it.
     *
     * @return bytes, a multiple of {@link MemoryPlan#ALIGNMENT}
     */
    default long blockBytes() {
        return Long.MAX_VALUE;
    }

    /** {@return bytes taken so far in the memory of a device of its own; 0 where tensors lie in the host's memory} */
    default long deviceBytes() {
        return 0;
    }

    /** {@return the kernels chosen for this device by op, where the backend has a choice; for reports} */
    default Map<String, String> kernels() {
        return Map.of();
    }

    /**
     * Compiles the programs of a plan; they share one arena.
     *
     * @param plan where everything goes
     * @param variables the memory of each variable
     * @return one executable per program of the plan, in order
     */
    List<Executable> compile(MemoryPlan plan, Function<Variable, DeviceBuffer> variables);

    /**
     * Runs one op now.
     *
     * @param op what to do
     * @param inputs operands
     * @param outputs results, to be written
     */
    void run(Op op, List<DeviceBuffer> inputs, List<DeviceBuffer> outputs);

    /** Releases threads and device. */
    @Override
    void close();
}
