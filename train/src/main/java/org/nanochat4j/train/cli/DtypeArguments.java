package org.nanochat4j.train.cli;

import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.ComputeType;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** The type that a model computes in. */
public final class DtypeArguments {

    @Option(
            names = "--dtype",
            paramLabel = "f32|bf16|auto",
            description =
                    "Type of activations and of what is multiplied. bf16: weights stay f32 and are rounded where they are used; sums, norms, softmax and losses are f32. auto: what the backend prefers, today f32 everywhere.",
            showDefaultValue = Visibility.ALWAYS)
    private ComputeType dtype = ComputeType.AUTO;

    /** What was asked for. */
    public ComputeType asked() {
        return dtype;
    }

    /** What it is on an engine. */
    public DType on(Engine engine) {
        return dtype.on(engine);
    }
}
