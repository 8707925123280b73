package org.nanochat4j.bench.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.bench.Startup;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.Main;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nanochat bench startup}. */
@Command(
        name = "startup",
        description =
                "Measure how long a fresh process takes until its first training step has ended (without the launcher's script).")
final class StartupBench extends BenchVerb {

    /** Options that are handed on to the process. */
    private static final List<String> HANDED_ON = List.of(
            "--depth",
            "--aspect-ratio",
            "--head-dim",
            "--seq-len",
            "--vocab-size",
            "--window-pattern",
            "--total-batch-size",
            "--device-batch-size",
            "--threads");

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Mixin
    private StepArguments step = new StepArguments();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Processes; the median counts.",
            showDefaultValue = Visibility.ALWAYS)
    private int rounds = 3;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    StartupBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() throws IOException {
        requireCpu();
        atLeast("--rounds", rounds, 1);
        GptConfig config = model.config();
        step.settings(config, ComputeType.F32, target(), 0, 1, false, false);
        List<Double> total = new ArrayList<>();
        List<Startup.Child> children = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            progress().report("processes", round, rounds);
            long start = System.nanoTime();
            Process process = new ProcessBuilder(command())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader out = process.inputReader()) {
                String line = out.readLine();
                total.add((System.nanoTime() - start) / 1e9);
                children.add(child(line));
            } finally {
                process.destroy();
            }
        }
        progress().report("processes", rounds, rounds);
        return Startup.of(
                "depth " + config.layers() + ", sequence " + config.sequenceLength() + ", vocabulary "
                        + config.vocabularySize() + ", threads " + threads(),
                total,
                children);
    }

    /** This virtual machine once more, with the same options and classes. */
    private List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of("bench", "first-step"));
        spec.commandLine().getParseResult().matchedOptions().stream()
                .filter(option -> HANDED_ON.contains(option.longestName()))
                .forEach(option -> command.add(option.longestName() + "=" + option.getValue()));
        return command;
    }

    private static Startup.Child child(@Nullable String line) {
        if (line == null) {
            throw UserError.failure(
                    "the process ended before its first step", "see what it printed above, and try a smaller model");
        }
        return Measurement.JSON.readValue(line, Startup.Child.class);
    }
}
