package org.nanochat4j.bench.cli;

import java.lang.management.ManagementFactory;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.bench.Startup;
import org.nanochat4j.bench.Target;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.EngineArguments;
import org.nanochat4j.train.cli.Verb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code nanochat bench first-step}: the process that {@code nanochat bench startup} starts. */
@Command(name = "first-step", hidden = true, description = "Run one training step and print what it took as JSON.")
final class FirstStepCommand extends Verb {

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Mixin
    private StepArguments step = new StepArguments();

    @Mixin
    private EngineArguments engine = new EngineArguments();

    FirstStepCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() {
        double running = (System.currentTimeMillis()
                        - ManagementFactory.getRuntimeMXBean().getStartTime())
                / 1e3;
        Startup.Child child = Startup.first(
                step.settings(model.config(), ComputeType.F32, Target.cpu(engine.threads()), 0, 1, false, false),
                running);
        console().out().println(Measurement.JSON.writeValueAsString(child));
    }
}
