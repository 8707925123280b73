package org.nanochat4j.bench.cli;

import org.nanochat4j.train.cli.CommandGroup;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.Group;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code nanochat bench}: how fast everything is, here and now. */
public final class BenchGroup implements CommandGroup {

    @Command(
            name = "bench",
            description =
                    "Measure how fast training, generation, kernels and the tokenizer are on this machine, and keep a history.",
            footer = {
                "",
                "Figures are medians of runs in one warm process, beside what the machine could do at best. Measure on an idle machine.",
                "Every measurement is appended to bench/history.jsonl in the base folder; --history names another file, --no-history keeps none."
            })
    private static final class Bench extends Group {}

    @Override
    public String name() {
        return "bench";
    }

    @Override
    public Object command(Console console) {
        return new CommandLine(new Bench())
                .addSubcommand("train", new TrainBench(console))
                .addSubcommand("decode", new DecodeBench(console))
                .addSubcommand("gemm", new GemmBench(console))
                .addSubcommand("attention", new AttentionBench(console))
                .addSubcommand("loss", new LossBench(console))
                .addSubcommand("memory", new MemoryBench(console))
                .addSubcommand("tokenizer", new TokenizerBench(console))
                .addSubcommand("startup", new StartupBench(console))
                .addSubcommand("all", new AllBench(console))
                .addSubcommand("scaling", new ScalingBench(console))
                .addSubcommand("history", new HistoryCommand(console))
                .addSubcommand("serve", new ServeCommand(console))
                .addSubcommand("first-step", new FirstStepCommand(console));
    }
}
