package org.nanochat4j.bench.cli;

import org.nanochat4j.engine.DType;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** The type of what a kernel computes with. */
final class KernelTypeArguments {

    @Option(
            names = "--dtype",
            paramLabel = "f32|bf16",
            description =
                    "Type of operands and results. For matrix products bf16 is what a training step with --dtype bf16 multiplies: activations are BF16 in memory, weights were rounded by a kernel of their own (Cast in the table of bench train). Packing, and rounding the product, count.",
            showDefaultValue = Visibility.ALWAYS)
    private ComputeType dtype = ComputeType.F32;

    /** F32 or BF16. */
    DType dtype() {
        if (dtype == ComputeType.AUTO) {
            throw UserError.usage("--dtype auto: there is no model that would choose", "give f32 or bf16");
        }
        return dtype.dtype();
    }
}
