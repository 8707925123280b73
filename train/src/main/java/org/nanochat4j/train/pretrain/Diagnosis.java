package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.runtime.NonFinite;
import org.nanochat4j.model.TrainingPrograms;

/**
 * Finds out where a step of training went wrong: runs it again, op by op, and looks at every number.
 *
 * <p>Loss and gradient norms are looked at before the update, so the weights are still those that the step began with.
 *
 * @param engine where it runs
 * @param programs of the run
 * @param micro compiled
 * @param norms compiled
 * @param groups the run's parameter groups
 */
record Diagnosis(
        Engine engine, TrainingPrograms programs, Executable micro, Executable norms, List<ParamGroup> groups) {

    private static final int CHUNK = 1 << 14;

    /** Said where the replay finds nothing. */
    private static final String CLEAN =
            "the same step, run again, is finite throughout: a fault of this machine's memory or processor, or a race";

    /**
     * Runs a step again until the first number that is not finite.
     *
     * @param batches those of the step
     * @param lastRates learning rate of each group in the update before; empty if there was none
     * @return where the number appeared, in a few lines
     */
    String of(StepBatches batches, double[] lastRates) {
        clearGradients();
        for (int i = 0; i < batches.count(); i++) {
            engine.write(programs.ids(), batches.ids(i));
            engine.write(programs.targets(), batches.targets(i));
            Optional<NonFinite> found = engine.check(programs.micro(), micro);
            if (found.isPresent()) {
                return String.format(
                        Locale.ROOT,
                        "micro-batch %d of %d, %s%s",
                        i + 1,
                        batches.count(),
                        found.get().describe(),
                        writer(found.get().value().variable(), found.get().wasThere(), lastRates));
            }
        }
        return engine.check(programs.norms(), norms).map(NonFinite::describe).orElse(CLEAN);
    }

    /** A weight or a moment that is not finite, with the op that wrote it; empty if all are finite. */
    String ofState(double[] lastRates) {
        for (ParamGroup group : groups) {
            for (Variable variable : state(group)) {
                if (!engine.isFinite(variable)) {
                    return variable + writer(variable, true, lastRates);
                }
            }
        }
        return "";
    }

    private static List<Variable> state(ParamGroup group) {
        var all = new ArrayList<Variable>(group.state());
        group.parameters().forEach(parameter -> all.add(parameter.value()));
        return all;
    }

    /** The op of the update before that wrote a variable, and how fast its group learned. */
    private String writer(@Nullable Variable variable, boolean wasThere, double[] lastRates) {
        if (variable == null || !wasThere) {
            return "";
        }
        if (lastRates.length == 0) {
            return "\n  it was so before the first step: the weights that were loaded, or initialised, are bad";
        }
        List<Step> steps = programs.update().steps();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            for (int input = 0; input < step.inputs().size(); input++) {
                if (step.op().writes(input) && step.inputs().get(input).variable() == variable) {
                    return String.format(
                            Locale.ROOT,
                            "%n  written in the update before, from finite gradients, by step %d of program update, %s%s",
                            i,
                            step.op(),
                            rate(variable, lastRates));
                }
            }
        }
        return "";
    }

    private String rate(Variable variable, double[] rates) {
        for (int i = 0; i < rates.length; i++) {
            if (state(groups.get(i)).contains(variable)) {
                return String.format(
                        Locale.ROOT, "; learning rate of %s %.3g", groups.get(i).name(), rates[i]);
            }
        }
        return "";
    }

    /** What a step begins with; the failed one has added to it. */
    private void clearGradients() {
        MemorySegment zeros = MemorySegment.ofArray(new float[CHUNK]);
        for (ParamGroup group : groups) {
            group.parameters().forEach(parameter -> {
                long bytes = parameter.gradient().type().bytes();
                for (long at = 0; at < bytes; at += zeros.byteSize()) {
                    engine.write(parameter.gradient(), at, zeros.asSlice(0, Math.min(zeros.byteSize(), bytes - at)));
                }
            });
        }
    }

    /** What ends the run: the finding, and how to go on. */
    static TrainingException stop(
            TrainingEvent.NotFinite fault, PretrainOptions.OptimizerOptions rates, RunFolder folder)
            throws IOException {
        String lower = String.format(
                Locale.ROOT,
                "lower learning rates, such as --matrix-lr %s --embedding-lr %s --unembedding-lr %s --scalar-lr %s",
                rates.matrixLr() / 2,
                rates.embeddingLr() / 2,
                rates.unembeddingLr() / 2,
                rates.scalarLr() / 2);
        List<Path> saved = folder.checkpoints();
        return new TrainingException(
                fault.what() + " at step " + fault.step() + "\n  first: " + fault.where(),
                saved.isEmpty()
                        ? "train from the start with " + lower + "; --save-every keeps checkpoints to go on from"
                        : saved.getLast() + " is as it was; go on from it: nanochat train --resume --out "
                                + folder.path() + " --allow-changes with " + lower);
    }
}
