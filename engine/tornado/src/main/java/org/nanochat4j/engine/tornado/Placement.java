package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/** Puts everything of a memory plan into banks: variables one after another, temporaries where the plan says, each type in banks of its own, and scratch memory. */
final class Placement {
    private final long mostBytes;
    private final List<Bank> banks = new ArrayList<>();
    private final Map<Variable, Place> places = new IdentityHashMap<>();
    private final List<Bank> arena = new ArrayList<>();
    private final Place scratch;
    private final @Nullable Place scratchHalves;

    /**
     * Places a plan.
     *
     * @param plan what to place, planned for blocks of {@code mostBytes}
     * @param needs scratch memory of all its steps
     * @param mostBytes size of the largest array, a multiple of the plan's alignment
     */
    Placement(MemoryPlan plan, ScratchNeeds needs, long mostBytes) {
        this.mostBytes = mostBytes;
        placeVariables(plan);
        requireWhole(plan);
        for (MemoryPlan.Block block : plan.blocks()) {
            arena.add(bank(
                    "arena",
                    Bank.Use.ARENA,
                    block.dtype(),
                    block.bytes() / block.dtype().bytes()));
        }
        scratch = new Place(bank("scratch", Bank.Use.ARENA, DType.F32, Math.max(1, needs.floats())), 0);
        scratchHalves =
                needs.halves() == 0 ? null : new Place(bank("scratch", Bank.Use.ARENA, DType.BF16, needs.halves()), 0);
    }

    /** Kernels take a tensor in one piece. */
    private void requireWhole(MemoryPlan plan) {
        for (MemoryPlan.Layout layout : plan.layouts()) {
            for (MemoryPlan.Slot slot : layout.slots()) {
                requireFits(slot.value().type() + " of " + slot.maker(), slot.bytes());
            }
        }
    }

    private void requireFits(String what, long bytes) {
        if (bytes > mostBytes) {
            throw new EngineException.OutOfMemory(what + " needs " + MemoryPlan.human(bytes)
                    + " in one piece, but an array of this device holds at most " + MemoryPlan.human(mostBytes)
                    + "\n  remedy: use a smaller batch, a shorter sequence or a smaller model");
        }
    }

    private Bank bank(String name, Bank.Use use, DType dtype, long elements) {
        requireFits(name, elements * dtype.bytes());
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

    /** Scratch memory for F32, as much as the steps need. */
    Place scratch() {
        return scratch;
    }

    /** Scratch memory for BF16; null where no step needs any. */
    @Nullable
    Place scratchHalves() {
        return scratchHalves;
    }

    /** Where a value of a program is. */
    Place place(MemoryPlan.Layout layout, Value value) {
        Value first = layout.program().values().get(layout.liveness().storage(value));
        if (first.variable() != null) {
            return place(first.variable());
        }
        long offset = layout.offset(first);
        Bank bank = arena.get((int) (offset / mostBytes));
        return new Place(bank, (int) (offset % mostBytes / bank.dtype().bytes()));
    }
}
