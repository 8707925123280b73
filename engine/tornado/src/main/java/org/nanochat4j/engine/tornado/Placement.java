package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/**
 * Puts everything of a memory plan into banks: variables one after another, F32 temporaries where the plan says, those of other types behind each other, and scratch
 * memory.
 */
final class Placement {
    private final long mostBytes;
    private final List<Bank> banks = new ArrayList<>();
    private final Map<Variable, Place> places = new IdentityHashMap<>();
    private final List<Bank> arena = new ArrayList<>();
    private final Map<DType, Bank> otherArenas = new EnumMap<>(DType.class);
    private final Map<Value, Integer> otherOffsets = new IdentityHashMap<>();
    private final Place scratch;

    /**
     * Places a plan.
     *
     * @param plan what to place; its temporaries do not straddle blocks of {@code mostBytes}
     * @param mostBytes size of the largest array, a multiple of the plan's alignment
     */
    Placement(MemoryPlan plan, long mostBytes) {
        this.mostBytes = mostBytes;
        placeVariables(plan);
        for (long at = 0; at < plan.arenaBytes(); at += mostBytes) {
            arena.add(bank("arena", Bank.Use.ARENA, DType.F32, Math.min(mostBytes, plan.arenaBytes() - at) / 4));
        }
        placeOtherTemporaries(plan);
        scratch = new Place(bank("scratch", Bank.Use.ARENA, DType.F32, Math.max(1, plan.scratchBytes() / 4)), 0);
    }

    private Bank bank(String name, Bank.Use use, DType dtype, long elements) {
        if (elements * dtype.bytes() > mostBytes) {
            throw new EngineException.OutOfMemory(name + " needs " + MemoryPlan.human(elements * dtype.bytes())
                    + " in one piece, but an array of this device holds at most " + MemoryPlan.human(mostBytes)
                    + "\n  remedy: use a smaller batch, a shorter sequence or a smaller model");
        }
        Bank bank = Bank.of(name + banks.size(), use, dtype, Math.toIntExact(elements));
        banks.add(bank);
        return bank;
    }

    /** A run of variables that share a bank. */
    private record Group(Bank.Use use, DType dtype) {}

    private void placeVariables(MemoryPlan plan) {
        Map<Group, List<Variable>> groups = new LinkedHashMap<>();
        for (Variable variable : plan.variables()) {
            boolean streamed = variable.role() == Variable.Role.INPUT && !isWritten(plan, variable);
            Group group = new Group(
                    streamed ? Bank.Use.STREAMED : Bank.Use.RESIDENT,
                    variable.type().dtype());
            groups.computeIfAbsent(group, _ -> new ArrayList<>()).add(variable);
        }
        groups.forEach((group, members) -> {
            for (int start = 0; start < members.size(); ) {
                long elements = 0;
                int end = start;
                while (end < members.size()) {
                    long more = Bank.align(members.get(end).type().elements());
                    if (end > start && (elements + more) * group.dtype().bytes() > mostBytes) {
                        break;
                    }
                    elements += more;
                    end++;
                }
                Bank bank = bank(
                        group.use() == Bank.Use.STREAMED ? "inputs" : "variables",
                        group.use(),
                        group.dtype(),
                        elements);
                long at = 0;
                for (Variable variable : members.subList(start, end)) {
                    places.put(variable, new Place(bank, Math.toIntExact(at)));
                    at += Bank.align(variable.type().elements());
                }
                start = end;
            }
        });
    }

    /** Whether any program of the plan writes a variable. */
    static boolean isWritten(MemoryPlan plan, Variable variable) {
        return plan.layouts().stream().anyMatch(layout -> isWritten(layout.program(), variable));
    }

    /** Whether a program writes a variable. */
    static boolean isWritten(Program program, Variable variable) {
        for (Step step : program.steps()) {
            for (int i = 0; i < step.inputs().size(); i++) {
                if (step.op().writes(i) && step.inputs().get(i).variable() == variable) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Ids and the like are few: each has its own place within its program. */
    private void placeOtherTemporaries(MemoryPlan plan) {
        Map<DType, Long> most = new EnumMap<>(DType.class);
        for (MemoryPlan.Layout layout : plan.layouts()) {
            Map<DType, Long> used = new EnumMap<>(DType.class);
            for (MemoryPlan.Slot slot : layout.slots()) {
                TensorType type = slot.value().type();
                if (type.dtype() != DType.F32) {
                    long at = used.getOrDefault(type.dtype(), 0L);
                    otherOffsets.put(slot.value(), Math.toIntExact(at));
                    used.put(type.dtype(), at + Bank.align(type.elements()));
                }
            }
            used.forEach((dtype, elements) -> most.merge(dtype, elements, Math::max));
        }
        most.forEach(
                (dtype, elements) -> otherArenas.put(dtype, bank("arena" + dtype, Bank.Use.ARENA, dtype, elements)));
    }

    /** All banks. */
    List<Bank> banks() {
        return banks;
    }

    /** Where a variable of the plan is. */
    Place place(Variable variable) {
        return Objects.requireNonNull(places.get(variable));
    }

    /** Where each variable is. */
    Map<Variable, Place> places() {
        return places;
    }

    /** Scratch memory, as much as the plan says. */
    Place scratch() {
        return scratch;
    }

    /** Where a value of a program is. */
    Place place(MemoryPlan.Layout layout, Value value) {
        Value first = layout.program().values().get(layout.liveness().storage(value));
        if (first.variable() != null) {
            return place(first.variable());
        }
        if (first.type().dtype() != DType.F32) {
            return new Place(
                    Objects.requireNonNull(otherArenas.get(first.type().dtype())),
                    Objects.requireNonNull(otherOffsets.get(first)));
        }
        long offset = layout.offset(first);
        return new Place(arena.get((int) (offset / mostBytes)), (int) (offset % mostBytes / 4));
    }
}
