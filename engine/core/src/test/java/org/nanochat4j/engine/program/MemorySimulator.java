package org.nanochat4j.engine.program;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToLongFunction;

/**
 * Runs a program on tags instead of numbers, to see whether a memory plan ever overwrites what is still needed.
 *
 * <p>Each 64-byte cell of the arena remembers which value was last written to it. Knows nothing of lifetimes: it only reads and writes as a backend
 * would.
 */
final class MemorySimulator {
    private static final int EMPTY = -1;
    private static final int VARIABLE = -2;

    private final int[] cells;
    private final ToLongFunction<Value> offset;
    private final Map<Integer, Integer> tags = new HashMap<>();

    private MemorySimulator(long arenaBytes, ToLongFunction<Value> offset) {
        this.cells = new int[Math.toIntExact(arenaBytes / MemoryPlan.ALIGNMENT)];
        this.offset = offset;
        Arrays.fill(cells, EMPTY);
    }

    /** Throws an AssertionError at the first step that reads something else than what was meant. */
    static void run(Program program, long arenaBytes, ToLongFunction<Value> offset) {
        MemorySimulator simulator = new MemorySimulator(arenaBytes, offset);
        for (Value value : program.values()) {
            if (value.variable() != null) {
                simulator.tags.put(value.id(), VARIABLE);
            }
        }
        program.steps().forEach(simulator::step);
    }

    private void step(Step step) {
        for (Value input : step.inputs()) {
            int tag = tag(input);
            require(tag == VARIABLE || holds(input, tag), step, input + " was overwritten");
        }
        if (step.op().isView()) {
            int tag = tag(step.inputs().getFirst());
            tags.put(step.outputs().getFirst().id(), tag);
            require(
                    tag == VARIABLE || holds(step.outputs().getFirst(), tag),
                    step,
                    "the view is not where its operand is");
            return;
        }
        List<Value> outputs = step.outputs();
        for (int i = 0; i < outputs.size(); i++) {
            Value output = outputs.get(i);
            require(end(output) <= cells.length, step, output + " is outside the arena");
            for (int k = 0; k < step.inputs().size(); k++) {
                Value input = step.inputs().get(k);
                boolean shared = tag(input) != VARIABLE && overlap(input, output);
                boolean inPlace = i == 0 && step.op().mayAlias(k) && start(input) == start(output);
                require(!shared || inPlace, step, output + " overlaps operand " + input);
            }
            for (Value other : outputs.subList(0, i)) {
                require(!overlap(other, output), step, output + " overlaps result " + other);
            }
            tags.put(output.id(), output.id());
            Arrays.fill(cells, start(output), end(output), output.id());
        }
    }

    private int tag(Value value) {
        return Objects.requireNonNull(tags.get(value.id()), () -> value + " was never computed");
    }

    private boolean holds(Value value, int tag) {
        for (int cell = start(value); cell < end(value); cell++) {
            if (cells[cell] != tag) {
                return false;
            }
        }
        return true;
    }

    private boolean overlap(Value a, Value b) {
        return start(a) < end(b) && start(b) < end(a);
    }

    private int start(Value value) {
        long bytes = offset.applyAsLong(value);
        if (bytes % MemoryPlan.ALIGNMENT != 0) {
            throw new AssertionError(value + " is not aligned: " + bytes);
        }
        return Math.toIntExact(bytes / MemoryPlan.ALIGNMENT);
    }

    private int end(Value value) {
        return start(value) + Math.toIntExact((value.type().bytes() + MemoryPlan.ALIGNMENT - 1) / MemoryPlan.ALIGNMENT);
    }

    private static void require(boolean condition, Step step, String problem) {
        if (!condition) {
            throw new AssertionError(step + ": " + problem);
        }
    }
}
