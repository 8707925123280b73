package org.nanochat4j.model;

import java.util.List;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.runtime.Engine;

/**
 * What the files of a checkpoint hold, wherever it is at the moment: on a device, or in a {@link HostCopy}.
 *
 * @param weights of the model, in the order of the file
 * @param optimizer state of the optimizer; empty to write none
 */
public record CheckpointTensors(List<TensorSource> weights, List<TensorSource> optimizer) {

    /** Copies the lists. */
    public CheckpointTensors {
        weights = List.copyOf(weights);
        optimizer = List.copyOf(optimizer);
    }

    /**
     * Those of a model as they are at the time of writing.
     *
     * @param gpt the model
     * @param groups its optimizer's groups; empty to write no optimizer state
     * @param engine where they live; nothing may run on it while they are written
     * @return their sources
     */
    public static CheckpointTensors of(Gpt gpt, List<ParamGroup> groups, Engine engine) {
        return new CheckpointTensors(
                weights(gpt).stream()
                        .map(variable -> TensorSource.of(engine, variable))
                        .toList(),
                state(groups).stream()
                        .map(variable -> TensorSource.of(engine, variable))
                        .toList());
    }

    static List<Variable> weights(Gpt gpt) {
        return gpt.parameters().store().all().stream().map(Parameter::value).toList();
    }

    static List<Variable> state(List<ParamGroup> groups) {
        return groups.stream().flatMap(group -> group.state().stream()).toList();
    }
}
