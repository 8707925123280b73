package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/**
 * A step over BF16 as the same step over F32 copies in scratch memory: operands are widened, the tasks for F32 run, and what they wrote is rounded once.
 *
 * @param step the step over BF16
 * @param wide the same over F32
 */
record Widened(Step step, Step wide) {
    static Widened of(Step step) {
        List<Value> inputs = step.inputs().stream().map(Widened::widen).toList();
        List<Value> outputs = step.outputs().stream().map(Widened::widen).toList();
        return new Widened(step, new Step(step.op(), inputs, outputs, step.callSite()));
    }

    /** Whether a step has BF16 operands or results. */
    static boolean concerns(Step step) {
        return step.inputs().stream().anyMatch(Widened::isNarrow)
                || step.outputs().stream().anyMatch(Widened::isNarrow);
    }

    private static boolean isNarrow(Value value) {
        return value.type().dtype() == DType.BF16;
    }

    private static Value widen(Value value) {
        TensorType type = new TensorType(DType.F32, value.type().shape());
        return isNarrow(value) ? new Value(value.id(), type, value.variable()) : value;
    }

    /** Whether a result is first written to scratch memory: also where it is F32 but the kernel writes it together with another, into one array. */
    private boolean isCopied(Value result) {
        return isNarrow(result) || step.op() instanceof CausalAttention;
    }

    /** Floats of scratch memory for the copies; the tasks for F32 need theirs besides. */
    long floats() {
        long operands = step.inputs().stream()
                .filter(Widened::isNarrow)
                .distinct()
                .mapToLong(Widened::room)
                .sum();
        return operands
                + step.outputs().stream()
                        .filter(this::isCopied)
                        .mapToLong(Widened::room)
                        .sum();
    }

    private static long room(Value value) {
        return Bank.align(value.type().elements());
    }

    /** Adds all tasks of the step. */
    void addTo(Work w) {
        Place next = w.scratch();
        Map<Value, Place> copies = new HashMap<>(); // an operand may come twice
        List<Place> in = new ArrayList<>();
        for (int i = 0; i < step.inputs().size(); i++) {
            Value operand = step.inputs().get(i);
            if (isNarrow(operand) && !copies.containsKey(operand)) {
                MoveTasks.widen(w, w.in(i), next, operand.type().elements());
                copies.put(operand, next);
                next = next.plus(room(operand));
            }
            in.add(copies.getOrDefault(operand, w.in(i)));
        }
        List<Place> out = new ArrayList<>();
        for (int i = 0; i < step.outputs().size(); i++) {
            Value result = step.outputs().get(i);
            out.add(isCopied(result) ? next : w.out(i));
            next = isCopied(result) ? next.plus(room(result)) : next;
        }
        Lowering.addWide(w.over(wide, in, out, next));
        for (int i = 0; i < step.inputs().size(); i++) {
            if (step.op().writes(i)) {
                finish(w, step.inputs().get(i), in.get(i), w.in(i));
            }
        }
        for (int i = 0; i < step.outputs().size(); i++) {
            finish(w, step.outputs().get(i), out.get(i), w.out(i));
        }
    }

    /** From scratch memory to where a result belongs, unless the kernel wrote it there. */
    private static void finish(Work w, Value value, Place copy, Place place) {
        if (isNarrow(value)) {
            MoveTasks.round(w, copy, place, value.type().elements());
        } else if (!copy.equals(place)) {
            MoveTasks.copy(w, copy, place, value.type().elements());
        }
    }
}
