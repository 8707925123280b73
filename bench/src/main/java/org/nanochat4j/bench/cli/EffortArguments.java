package org.nanochat4j.bench.cli;

import org.nanochat4j.bench.Effort;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** How long each kernel is measured. */
final class EffortArguments {

    @Option(
            names = "--warmup-seconds",
            paramLabel = "SECONDS",
            description = "A kernel runs so long before it is timed.",
            showDefaultValue = Visibility.ALWAYS)
    private double warmUp = 0.5;

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            description = "A kernel is timed at least so long.",
            showDefaultValue = Visibility.ALWAYS)
    private double seconds = 0.5;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "A kernel is timed at least so often.",
            showDefaultValue = Visibility.ALWAYS)
    private int rounds = 5;

    Effort effort() {
        BenchVerb.atLeast("--rounds", rounds, 1);
        if (!(warmUp >= 0 && seconds >= 0)) {
            throw UserError.usage("a negative number of seconds", "give 0 or more");
        }
        return new Effort(warmUp, rounds, seconds);
    }
}
