package org.nanochat4j.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/**
 * A step with its kernel and the memory that it is bound to.
 *
 * @param inputs of the operands
 * @param outputs of the results
 */
record BoundStep(Step step, Kernel kernel, List<Extent> inputs, List<Extent> outputs) {
    /** A range of addresses, the end exclusive. */
    record Extent(long start, long end) {
        private static Extent of(MemorySegment segment) {
            return new Extent(segment.address(), segment.address() + segment.byteSize());
        }

        boolean overlaps(Extent other) {
            return start < other.end && other.start < end;
        }

        boolean overlapsAny(List<Extent> others) {
            return others.stream().anyMatch(this::overlaps);
        }

        /** Whether element by element one may be written while the other is read. */
        boolean sameOrApart(Extent other) {
            return equals(other) || !overlaps(other);
        }
    }

    static BoundStep of(Step step, Kernel kernel, MemorySegment[] values) {
        return new BoundStep(step, kernel, extents(step.inputs(), values), extents(step.outputs(), values));
    }

    private static List<Extent> extents(List<Value> values, MemorySegment[] segments) {
        return values.stream().map(value -> Extent.of(segments[value.id()])).toList();
    }

    /** What it changes: results, and variables in place. */
    List<Extent> written() {
        List<Extent> written = new ArrayList<>(outputs);
        for (int i = 0; i < inputs.size(); i++) {
            if (step.op().writes(i)) {
                written.add(inputs.get(i));
            }
        }
        return written;
    }
}
