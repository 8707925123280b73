package org.nanochat4j.engine.program;

import java.util.Arrays;
import org.nanochat4j.engine.op.Op;

/**
 * From which step to which step each temporary is needed.
 *
 * <p>Values share storage with what they are views of, and with an operand that an op may overwrite because nobody reads it later; a storage is named
 * by the id of its first value.
 */
public final class Liveness {
    private final Program program;
    private final int[] storage;
    private final int[] first;
    private final int[] last;

    private Liveness(Program program) {
        this.program = program;
        int count = program.values().size();
        storage = new int[count];
        first = new int[count];
        last = new int[count];
        Arrays.setAll(storage, id -> id);
        Arrays.fill(first, Integer.MAX_VALUE);
        Arrays.fill(last, -1);
    }

    /**
     * Computes lifetimes over the ordered list.
     *
     * @param program what to look at
     * @return the lifetimes
     */
    public static Liveness of(Program program) {
        Liveness liveness = new Liveness(program);
        liveness.views();
        liveness.ranges();
        liveness.inPlace();
        return liveness;
    }

    private void views() {
        for (Step step : program.steps()) {
            if (step.op().isView()) {
                storage[step.outputs().getFirst().id()] =
                        storage[step.inputs().getFirst().id()];
            }
        }
    }

    private void ranges() {
        for (int index = 0; index < program.steps().size(); index++) {
            Step step = program.steps().get(index);
            for (Value input : step.inputs()) {
                last[storage[input.id()]] = index;
            }
            for (Value output : step.outputs()) {
                int root = storage[output.id()];
                first[root] = Math.min(first[root], index);
                last[root] = Math.max(last[root], index);
            }
        }
    }

    /** Lets results take over the storage of operands that die in the same step. */
    private void inPlace() {
        for (int index = 0; index < program.steps().size(); index++) {
            Step step = program.steps().get(index);
            Op op = step.op();
            if (op.isView() || step.outputs().size() != 1) {
                continue;
            }
            Value output = step.outputs().getFirst();
            for (int i = 0; i < step.inputs().size(); i++) {
                Value input = step.inputs().get(i);
                int root = storage[input.id()];
                if (op.mayAlias(i) && dies(root, index) && sameBytes(root, output) && onlyAliasable(step, root)) {
                    takeOver(root, output.id());
                    break;
                }
            }
        }
    }

    private boolean dies(int root, int index) {
        return program.values().get(root).variable() == null && last[root] == index && first[root] < index;
    }

    private boolean sameBytes(int root, Value output) {
        return program.values().get(root).type().bytes() == output.type().bytes();
    }

    private boolean onlyAliasable(Step step, int root) {
        for (int i = 0; i < step.inputs().size(); i++) {
            if (storage[step.inputs().get(i).id()] == root && !step.op().mayAlias(i)) {
                return false;
            }
        }
        return true;
    }

    private void takeOver(int root, int output) {
        for (int id = 0; id < storage.length; id++) {
            if (storage[id] == output) {
                storage[id] = root;
            }
        }
        last[root] = last[output];
    }

    /**
     * The storage of a value.
     *
     * @param value which value
     * @return the id of the first value in that storage
     */
    public int storage(Value value) {
        return storage[value.id()];
    }

    /**
     * Whether an id names a storage that a plan must place: not a variable's, and not shared with an earlier value.
     *
     * @param id of a value
     * @return whether it does
     */
    public boolean isTemporary(int id) {
        return storage[id] == id && program.values().get(id).variable() == null;
    }

    /**
     * When a storage is first written.
     *
     * @param storage its id
     * @return the index of the step
     */
    public int first(int storage) {
        return first[storage];
    }

    /**
     * When a storage is last used.
     *
     * @param storage its id
     * @return the index of the step
     */
    public int last(int storage) {
        return last[storage];
    }
}
