package org.nanochat4j.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.runtime.Engine;

/**
 * Memory of the host for a copy of a model's weights and its optimizer's state, so that training can go on while they are written.
 *
 * <p>It is allocated outside the heap when the first copy is taken, once, and freed when it is no longer reachable.
 */
public final class HostCopy {
    private static final long ALIGNMENT = 64;

    private final List<Variable> weights;
    private final List<Variable> state;
    private final long bytes;
    private @Nullable MemorySegment memory;

    /**
     * Measures what a copy takes; allocates nothing.
     *
     * @param gpt the model
     * @param groups its optimizer's groups
     */
    public HostCopy(Gpt gpt, List<ParamGroup> groups) {
        weights = CheckpointTensors.weights(gpt);
        state = CheckpointTensors.state(groups);
        bytes = size(weights) + size(state);
    }

    /** {@return bytes that the copy takes} */
    public long bytes() {
        return bytes;
    }

    /** {@return bytes that are allocated by now: none before the first copy} */
    public long allocatedBytes() {
        return memory == null ? 0 : bytes;
    }

    /**
     * Copies everything as it is now; the copy before is overwritten.
     *
     * @param engine where the model lives
     * @return the copy, which does not change until the next one is taken; any thread may read it
     * @throws OutOfMemoryError if the memory cannot be had; it is asked for again next time
     */
    public CheckpointTensors take(Engine engine) {
        MemorySegment all = memory;
        if (all == null) {
            all = Arena.ofAuto().allocate(Math.max(bytes, 1), ALIGNMENT);
            memory = all;
        }
        long split = size(weights);
        return new CheckpointTensors(
                copy(weights, engine, all.asSlice(0, split)), copy(state, engine, all.asSlice(split)));
    }

    private static List<TensorSource> copy(List<Variable> variables, Engine engine, MemorySegment target) {
        List<TensorSource> sources = new ArrayList<>();
        long offset = 0;
        for (Variable variable : variables) {
            MemorySegment place = target.asSlice(offset, variable.type().bytes());
            engine.read(variable, 0, place);
            sources.add(TensorSource.of(variable, place));
            offset += align(variable.type().bytes());
        }
        return sources;
    }

    private static long size(List<Variable> variables) {
        return variables.stream()
                .mapToLong(variable -> align(variable.type().bytes()))
                .sum();
    }

    private static long align(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }
}
