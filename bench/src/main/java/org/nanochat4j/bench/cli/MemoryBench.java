package org.nanochat4j.bench.cli;

import org.nanochat4j.bench.KernelCase;
import org.nanochat4j.bench.KernelTable;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nanochat bench memory}. */
@Command(
        name = "memory",
        description = "Measure the bandwidth of memory (read, copy, triad), and the kernels that are bound by it.")
final class MemoryBench extends BenchVerb {

    private static final int ROWS = 512;
    private static final int CHANNELS = 64;

    @Mixin
    private EffortArguments effort = new EffortArguments();

    @Option(
            names = "--rows",
            paramLabel = "N",
            description = "Rows of the operands, a multiple of 512.",
            showDefaultValue = Visibility.ALWAYS)
    private int rows = 32768;

    @Option(
            names = "--channels",
            paramLabel = "N",
            description = "Channels of the operands, a multiple of 64.",
            showDefaultValue = Visibility.ALWAYS)
    private int channels = 768;

    MemoryBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() {
        multiple("--rows", rows, ROWS);
        multiple("--channels", channels, CHANNELS);
        return KernelTable.measure(
                "memory", KernelCase.memoryBound(rows, channels), target(), effort.effort(), progress());
    }

    private static void multiple(String option, int value, int of) {
        if (value < of || value % of != 0) {
            throw UserError.usage(option + " " + value + " is no multiple of " + of, "give for example " + 2 * of);
        }
    }
}
