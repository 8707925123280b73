package org.nanochat4j.bench.cli;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.bench.KernelCase;
import org.nanochat4j.bench.KernelTable;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.train.cli.Console;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nanochat bench loss}. */
@Command(name = "loss", description = "Measure the loss with its vocabulary projection, with gradients and without.")
final class LossBench extends BenchVerb {

    @Mixin
    private EffortArguments effort = new EffortArguments();

    @Mixin
    private KernelTypeArguments type = new KernelTypeArguments();

    @Option(
            names = "--depths",
            split = ",",
            paramLabel = "N",
            description = "Depths whose width is measured: 64 channels each.",
            showDefaultValue = Visibility.ALWAYS)
    private List<Integer> depths = List.of(4, 6, 12);

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            description = "Tokens of the vocabulary.",
            showDefaultValue = Visibility.ALWAYS)
    private int vocabulary = 32768;

    @Option(
            names = "--batch-tokens",
            paramLabel = "N",
            description = "Tokens of a micro-batch.",
            showDefaultValue = Visibility.ALWAYS)
    private int tokens = 2048;

    LossBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() {
        atLeast("--depths", depths, 1);
        atLeast("--vocab-size", vocabulary, 1);
        atLeast("--batch-tokens", tokens, 1);
        List<KernelCase> cases = new ArrayList<>();
        depths.forEach(depth -> cases.addAll(KernelCase.loss(tokens, 64 * depth, vocabulary, type.dtype())));
        return KernelTable.measure("loss", cases, target(), effort.effort(), progress());
    }
}
