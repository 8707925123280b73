package org.nanochat4j.bench.cli;

import java.io.IOException;
import java.util.List;
import org.nanochat4j.bench.History;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.bench.Setting;
import org.nanochat4j.bench.Target;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.EngineArguments;
import org.nanochat4j.train.cli.UserError;
import org.nanochat4j.train.cli.Verb;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** A command that measures: it prints the figures and adds them to the history. */
abstract class BenchVerb extends Verb {

    @Mixin
    private HistoryArguments history = new HistoryArguments();

    @Option(names = "--no-history", description = "Do not add this measurement to the history.")
    private boolean forget;

    @Mixin
    private EngineArguments engine = new EngineArguments();

    /** What the backend that was measured says of its kernels. */
    private List<String> kernels = List.of();

    BenchVerb(Console console) {
        super(console);
    }

    /** Does the work. */
    abstract Measurement measure() throws Exception;

    @Override
    protected final void run() throws Exception {
        engine.check();
        Measurement measurement = measure();
        Setting setting = Setting.here(kernels);
        setting.lines().forEach(this::say);
        measurement.lines().forEach(this::say);
        if (!forget) {
            History kept = history.open(baseDir());
            kept.add(measurement, setting);
            say("added to " + kept.file());
        }
        if (json()) {
            ObjectNode node = Measurement.JSON.valueToTree(measurement);
            node.set("setting", Measurement.JSON.valueToTree(setting));
            result(node);
        }
        after(measurement);
    }

    /** What is done with a measurement beside printing it. */
    void after(Measurement measurement) throws IOException {}

    /** Threads, with the default resolved. */
    final int threads() {
        return engine.threads();
    }

    /** Where to measure. */
    final Target target() {
        return new Target(engine.backend(), threads(), engine.machineCode(), this::open);
    }

    private Engine open() {
        Engine opened = engine.open(console());
        kernels = opened.device().features();
        return opened;
    }

    /** Refuses devices where only the processor can be measured. */
    final void requireCpu() {
        if (!engine.backend().equals("cpu")) {
            throw UserError.usage("--backend " + engine.backend(), "leave it out: this group measures the processor");
        }
    }

    /** Refuses numbers that are too small. */
    static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw UserError.usage(option + " " + value, "give " + least + " or more");
        }
    }

    /** Refuses lists with numbers that are too small, and empty ones. */
    static void atLeast(String option, List<Integer> values, int least) {
        if (values.isEmpty()) {
            throw UserError.usage(option + " without a number", "give one or more");
        }
        values.forEach(value -> atLeast(option, value, least));
    }
}
