package org.nanochat4j.engine.autodiff;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Backward;
import org.nanochat4j.engine.op.Fill;
import org.nanochat4j.engine.op.Op;

/**
 * Notes the ops that an interpreter applies, and walks them backwards.
 *
 * <p>Open it with {@link Interpreter#tape}, compute the loss, then ask for {@link #gradients}: the gradient rules issue ordinary ops in the same
 * interpreter, so that they run now or become the backward part of the program that is being recorded. Close it before applying ops that belong to no
 * loss.
 */
public final class Tape implements AutoCloseable {
    /** A noted computation: how to get from result gradients to operand gradients. */
    private record Entry(List<Tensor> inputs, List<Tensor> outputs, Rule rule) {}

    @FunctionalInterface
    private interface Rule {
        List<@Nullable Tensor> apply(List<@Nullable Tensor> gradients, List<Boolean> wanted);
    }

    private final Interpreter interpreter;
    private final Consumer<Tape> onClose;
    private final List<Entry> entries = new ArrayList<>();

    /**
     * For {@link Interpreter#tape}.
     *
     * @param interpreter whose ops are noted
     * @param onClose detaches the tape
     */
    public Tape(Interpreter interpreter, Consumer<Tape> onClose) {
        this.interpreter = interpreter;
        this.onClose = onClose;
    }

    /**
     * Notes one op; called by the interpreter.
     *
     * @param op what was done
     * @param inputs operands
     * @param outputs results
     */
    public void note(Op op, List<Tensor> inputs, List<Tensor> outputs) {
        entries.add(new Entry(
                List.copyOf(inputs),
                List.copyOf(outputs),
                (gradients, wanted) -> op.vjp(new Backward(op, inputs, outputs, gradients, wanted))));
    }

    /** Notes a block whose backward pass is a function of its operands: see {@link Checkpoint}. */
    void note(List<Tensor> inputs, List<Tensor> outputs, Checkpoint.BlockRule rule) {
        entries.add(new Entry(List.copyOf(inputs), List.copyOf(outputs), rule::apply));
    }

    /**
     * Gradients of a loss with respect to variables, starting from 1.
     *
     * @param loss a single number computed since the tape was opened
     * @param variables with respect to which; each must have contributed to the loss
     * @return the gradients by variable
     */
    public Gradients gradients(Tensor loss, List<Variable> variables) {
        return gradients(loss, variables, 1f);
    }

    /**
     * Gradients of a scaled loss with respect to variables.
     *
     * @param loss a single number computed since the tape was opened
     * @param variables with respect to which; each must have contributed to the loss
     * @param seed gradient of the loss itself: 1, or 1 / micro-steps when gradients are accumulated
     * @return the gradients by variable
     */
    public Gradients gradients(Tensor loss, List<Variable> variables, float seed) {
        Map<Variable, Tensor> result = new IdentityHashMap<>();
        backward(loss, variables, seed, result::put);
        return new Gradients(result);
    }

    /**
     * Walks backwards and hands over each gradient as soon as it is complete, so that it can be stored while the walk goes on and its memory be used
     * again.
     *
     * @param loss a single number computed since the tape was opened
     * @param variables with respect to which; each must have contributed to the loss
     * @param seed gradient of the loss itself
     * @param ready takes each variable with its gradient
     */
    public void backward(Tensor loss, List<Variable> variables, float seed, BiConsumer<Variable, Tensor> ready) {
        if (loss.shape().elements() != 1) {
            throw new EngineException.NoGradient("the loss must be a single number, not " + loss.shape()
                    + "\n  remedy: reduce it with sum() or mean(), or give the gradient of each element");
        }
        Tensor one = interpreter.apply(new Fill(loss.shape(), seed));
        Set<Object> missing = new LinkedHashSet<>(variables);
        walk(List.of(loss), List.of(one), Set.copyOf(variables), (root, gradient) -> {
            missing.remove(root);
            Variable variable = (Variable) root;
            ready.accept(variable, gradient.cast(variable.type().dtype()));
        });
        if (!missing.isEmpty()) {
            throw new EngineException.NoGradient(
                    ((Variable) missing.iterator().next()).name() + " has no part in the loss"
                            + "\n  remedy: leave it out of the list, or check that it was used while the tape was open");
        }
    }

    /**
     * The backward walk. Tensors are keyed by their handles, which all tensors of one value share.
     *
     * @param results where gradients come in
     * @param seeds their gradients
     * @param roots handles with respect to which gradients are wanted
     * @param ready takes the gradient of a root once its first use has been passed, so that nothing more can be added
     */
    void walk(List<Tensor> results, List<Tensor> seeds, Set<Object> roots, BiConsumer<Object, Tensor> ready) {
        List<Entry> noted = List.copyOf(entries);
        Set<Object> needed = new HashSet<>(roots);
        Set<Object> used = new HashSet<>();
        List<List<Object>> firstUses = new ArrayList<>();
        for (Entry entry : noted) {
            if (entry.inputs().stream().anyMatch(input -> needed.contains(key(input)))) {
                entry.outputs().forEach(output -> needed.add(key(output)));
            }
            firstUses.add(entry.inputs().stream()
                    .map(Tape::key)
                    .filter(key -> roots.contains(key) && used.add(key))
                    .toList());
        }
        Map<Object, Tensor> gradients = new HashMap<>();
        for (int i = 0; i < results.size(); i++) {
            accumulate(gradients, results.get(i), seeds.get(i));
        }
        for (int index = noted.size() - 1; index >= 0; index--) {
            step(noted.get(index), needed, gradients);
            for (Object root : firstUses.get(index)) {
                Tensor gradient = gradients.remove(root);
                if (gradient != null) {
                    ready.accept(root, gradient);
                }
            }
        }
    }

    private static void step(Entry entry, Set<Object> needed, Map<Object, Tensor> gradients) {
        List<Boolean> wanted = entry.inputs().stream()
                .map(input -> needed.contains(key(input)))
                .toList();
        if (!wanted.contains(true)) {
            return;
        }
        List<@Nullable Tensor> incoming = new ArrayList<>();
        boolean any = false;
        for (Tensor output : entry.outputs()) {
            Tensor gradient = gradients.remove(key(output));
            incoming.add(gradient);
            any |= gradient != null;
        }
        if (!any) {
            return;
        }
        List<@Nullable Tensor> outgoing = entry.rule().apply(incoming, wanted);
        for (int i = 0; i < outgoing.size(); i++) {
            Tensor gradient = outgoing.get(i);
            if (gradient != null && wanted.get(i)) {
                accumulate(gradients, entry.inputs().get(i), gradient);
            }
        }
    }

    private static void accumulate(Map<Object, Tensor> gradients, Tensor tensor, Tensor gradient) {
        Tensor before = gradients.get(key(tensor));
        gradients.put(key(tensor), before == null ? gradient : sum(before, gradient));
    }

    /** A gradient may be more precise than its tensor, as that of the loss with respect to BF16 weights is; a sum is as precise as the better one. */
    private static Tensor sum(Tensor a, Tensor b) {
        return a.type().equals(b.type()) ? a.add(b) : a.cast(DType.F32).add(b.cast(DType.F32));
    }

    /** Values and variables are equal only to themselves, so a handle is an identity. */
    static Object key(Tensor tensor) {
        return tensor.handle();
    }

    Interpreter interpreter() {
        return interpreter;
    }

    /** Stops noting; gradients may still be asked for. */
    @Override
    public void close() {
        onClose.accept(this);
    }
}
