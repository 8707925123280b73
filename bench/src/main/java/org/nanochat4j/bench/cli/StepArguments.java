package org.nanochat4j.bench.cli;

import org.nanochat4j.bench.Target;
import org.nanochat4j.bench.Training;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** What a step of training consists of. */
final class StepArguments {

    @Option(
            names = "--total-batch-size",
            paramLabel = "TOKENS",
            description = "Tokens of a step.",
            showDefaultValue = Visibility.ALWAYS)
    private int total = 16384;

    @Option(
            names = "--device-batch-size",
            paramLabel = "ROWS",
            description = "Rows of a micro-batch. Default: tries up to four sizes and takes the fastest.")
    private int rows;

    Training.Settings settings(
            GptConfig config,
            ComputeType compute,
            Target target,
            int warmUp,
            int steps,
            boolean profile,
            boolean shapes) {
        int sequence = config.sequenceLength();
        BenchVerb.atLeast("--device-batch-size", rows, 0);
        if (total < sequence || total % sequence != 0) {
            throw UserError.usage(
                    "--total-batch-size " + total + " is no multiple of --seq-len " + sequence,
                    "give for example " + Math.max(1, total / sequence) * sequence);
        }
        if (rows > 0 && total / sequence % rows != 0) {
            throw UserError.usage(
                    "--device-batch-size " + rows + " does not divide the " + total / sequence + " rows of a step",
                    "give a divisor of " + total / sequence);
        }
        return new Training.Settings(config, compute, total, rows, target, warmUp, steps, profile, shapes);
    }
}
