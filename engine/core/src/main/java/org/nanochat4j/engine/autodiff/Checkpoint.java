package org.nanochat4j.engine.autodiff;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.Variable;

/**
 * Trades time for memory: a block's intermediate values are not kept for the backward pass but computed again there.
 *
 * <p>Source: Chen et al. 2016.
 */
public final class Checkpoint {
    /** How a noted block gets from result gradients to operand gradients. */
    @FunctionalInterface
    interface BlockRule {
        List<@Nullable Tensor> apply(List<@Nullable Tensor> gradients, List<Boolean> wanted);
    }

    private Checkpoint() {}

    /**
     * Runs a block so that its backward pass computes it again from its operands.
     *
     * @param tape the attached tape
     * @param operands what the block reads of other tensors
     * @param variables what it reads of variables that need gradients
     * @param block a pure function of the operands and variables
     * @return the block's result
     */
    public static Tensor block(
            Tape tape, List<Tensor> operands, List<Variable> variables, Function<List<Tensor>, Tensor> block) {
        List<Tensor> inputs = new ArrayList<>(operands);
        variables.forEach(variable -> inputs.add(tape.interpreter().use(variable)));
        List<Tensor> results = new ArrayList<>();
        tape.interpreter().untaped(() -> results.add(block.apply(operands)));
        Tensor result = results.getFirst();
        tape.note(inputs, results, (gradients, wanted) -> backward(tape, operands, inputs, block, gradients, wanted));
        return result;
    }

    private static List<@Nullable Tensor> backward(
            Tape outer,
            List<Tensor> operands,
            List<Tensor> inputs,
            Function<List<Tensor>, Tensor> block,
            List<@Nullable Tensor> gradients,
            List<Boolean> wanted) {
        Tensor seed = gradients.getFirst();
        if (seed == null) {
            throw new EngineException.NoGradient("a checkpointed block got no gradient");
        }
        Set<Object> roots = new HashSet<>();
        for (int i = 0; i < inputs.size(); i++) {
            if (wanted.get(i)) {
                roots.add(Tape.key(inputs.get(i)));
            }
        }
        Tape inner = outer.interpreter().tape();
        Tensor again = block.apply(operands);
        inner.close();
        Map<Object, Tensor> found = new HashMap<>();
        inner.walk(List.of(again), List.of(seed), roots, found::put);
        List<@Nullable Tensor> result = new ArrayList<>();
        for (Tensor input : inputs) {
            result.add(found.get(Tape.key(input)));
        }
        return result;
    }
}
