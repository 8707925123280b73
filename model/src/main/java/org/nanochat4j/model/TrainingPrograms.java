package org.nanochat4j.model;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.autodiff.Tape;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.op.Zero;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;

/**
 * The programs of training, over one batch shape (B, T): plan and compile them together.
 *
 * <p>Per micro-batch the host writes {@link #ids} and {@link #targets} and runs {@link #micro}; per step it runs {@link #norms}, by which it can
 * tell whether the gradients are finite before any weight has changed, writes each group's hyper-parameters and runs {@link #update}, which also
 * clears the gradients. {@link #evaluate} gives the loss of every position and touches no gradient.
 *
 * @param ids I32 (B, T), input
 * @param targets I32 (B * T), input, -1 = ignored
 * @param loss mean loss of the last micro-batch (1), output of micro
 * @param rowLosses loss of each position (B * T), 0 where ignored, output of evaluate
 * @param gradientSquares sum of the squares of each group's gradients, in the order of the groups (G), output of norms
 * @param micro forward, loss, backward, and the gradients added up
 * @param update one step of every group
 * @param evaluate forward and losses
 * @param norms what the gradients add up to
 */
public record TrainingPrograms(
        Variable ids,
        Variable targets,
        Variable loss,
        Variable rowLosses,
        Variable gradientSquares,
        Program micro,
        Program update,
        Program evaluate,
        Program norms) {
    /**
     * Records the programs; allocates nothing.
     *
     * @param gpt the model
     * @param groups its parameter groups
     * @param batch rows of a micro-batch, B
     * @param time tokens per row, T, at least 2 and at most ten training contexts
     * @param accumulationSteps micro-batches per step; each loss counts for its share of the gradient
     * @return the programs
     * @throws ModelException.BadConfig if the batch is empty or the rows too long
     */
    public static TrainingPrograms record(
            Gpt gpt, List<ParamGroup> groups, int batch, int time, int accumulationSteps) {
        int longest = gpt.config().maxPositions();
        if (batch < 1 || accumulationSteps < 1 || time < 2 || time > longest) {
            throw new ModelException.BadConfig("cannot train on " + batch + " rows of " + time + " tokens, "
                    + accumulationSteps + " times per step; choose at least one row, one micro-batch, and rows of 2 to "
                    + longest + " tokens");
        }
        Variable ids = new Variable("ids", TensorType.i32(batch, time), Variable.Role.INPUT);
        Variable targets = new Variable("targets", TensorType.i32(batch * time), Variable.Role.INPUT);
        Variable loss = new Variable("loss", TensorType.f32(1), Variable.Role.OUTPUT);
        Variable rowLosses = new Variable("row_losses", TensorType.f32(batch * time), Variable.Role.OUTPUT);
        Variable squares =
                new Variable("gradient_squares", TensorType.f32(Math.max(1, groups.size())), Variable.Role.OUTPUT);
        boolean accumulate = accumulationSteps > 1;
        return new TrainingPrograms(
                ids,
                targets,
                loss,
                rowLosses,
                squares,
                micro(gpt, ids, targets, loss, accumulationSteps),
                update(gpt, groups, accumulate),
                evaluate(gpt, ids, targets, rowLosses),
                norms(groups, squares));
    }

    private static Program micro(Gpt gpt, Variable ids, Variable targets, Variable loss, int accumulationSteps) {
        Recorder in = new Recorder("micro");
        List<Parameter> parameters = gpt.parameters().store().all();
        Tape tape = in.tape();
        Tensor mean = gpt.loss(in, in.use(ids), in.use(targets)).mean();
        tape.close();
        Map<Variable, Variable> sums = new HashMap<>();
        parameters.forEach(parameter -> sums.put(parameter.value(), parameter.gradient()));
        tape.backward(
                mean,
                parameters.stream().map(Parameter::value).toList(),
                1f / accumulationSteps,
                (weight, gradient) -> {
                    Variable sum = Objects.requireNonNull(sums.get(weight));
                    if (accumulationSteps > 1) {
                        in.accumulate(sum, gradient);
                    } else {
                        in.assign(sum, gradient);
                    }
                });
        in.assign(loss, mean);
        return in.finish();
    }

    private static Program norms(List<ParamGroup> groups, Variable squares) {
        Recorder in = new Recorder("norms");
        groups.stream()
                .map(group -> gradientSquares(in, group))
                .reduce((before, next) -> before.concat(0, next))
                .ifPresent(all -> in.assign(squares, all));
        return in.finish();
    }

    private static Program update(Gpt gpt, List<ParamGroup> groups, boolean accumulate) {
        Recorder in = new Recorder("update");
        groups.forEach(group -> group.update(in));
        if (accumulate) {
            for (Parameter parameter : gpt.parameters().store().all()) {
                in.apply(new Zero(), List.of(in.use(parameter.gradient())));
            }
        }
        return in.finish();
    }

    private static Tensor gradientSquares(Recorder in, ParamGroup group) {
        return group.parameters().stream()
                .map(parameter -> in.use(parameter.gradient()).sumSquares())
                .reduce(Tensor::add)
                .orElseThrow();
    }

    private static Program evaluate(Gpt gpt, Variable ids, Variable targets, Variable rowLosses) {
        Recorder in = new Recorder("evaluate");
        in.assign(rowLosses, gpt.loss(in, in.use(ids), in.use(targets)).rows());
        return in.finish();
    }

    /** {@return all programs, in the order micro, update, evaluate, norms} */
    public List<Program> programs() {
        return List.of(micro, update, evaluate, norms);
    }
}
