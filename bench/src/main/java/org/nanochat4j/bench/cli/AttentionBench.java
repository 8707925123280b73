package org.nanochat4j.bench.cli;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.bench.KernelCase;
import org.nanochat4j.bench.KernelTable;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nanochat bench attention}. */
@Command(
        name = "attention",
        description = "Measure causal attention, forward and backward, over whole context and short windows.")
final class AttentionBench extends BenchVerb {

    @Mixin
    private EffortArguments effort = new EffortArguments();

    @Mixin
    private KernelTypeArguments type = new KernelTypeArguments();

    @Option(
            names = "--depths",
            split = ",",
            paramLabel = "N",
            description = "Depths whose attention is measured: as many heads of 64 channels.",
            showDefaultValue = Visibility.ALWAYS)
    private List<Integer> depths = List.of(4, 6, 12);

    @Option(
            names = "--seq-len",
            split = ",",
            paramLabel = "TOKENS",
            description = "Tokens of a row.",
            showDefaultValue = Visibility.ALWAYS)
    private List<Integer> sequences = List.of(512, 2048);

    @Option(
            names = "--batch-tokens",
            paramLabel = "N",
            description = "Tokens of a micro-batch.",
            showDefaultValue = Visibility.ALWAYS)
    private int tokens = 4096;

    AttentionBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() {
        atLeast("--depths", depths, 1);
        atLeast("--seq-len", sequences, 1);
        List<KernelCase> cases = new ArrayList<>();
        for (int depth : depths) {
            for (int sequence : sequences) {
                if (tokens < sequence) {
                    throw UserError.usage(
                            "--batch-tokens " + tokens + " is less than one row of " + sequence,
                            "give " + sequence + " or more");
                }
                int rows = tokens / sequence;
                cases.addAll(KernelCase.attention(rows, sequence, depth, 64, sequence, type.dtype()));
                cases.addAll(KernelCase.attention(rows, sequence, depth, 64, Math.max(1, sequence / 4), type.dtype()));
            }
        }
        return KernelTable.measure("attention", cases, target(), effort.effort(), progress());
    }
}
