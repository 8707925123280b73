package org.nanochat4j.train.cli;

import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.Backends;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** Options of the engine. */
public final class EngineArguments {

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "${env:NANOCHAT_BACKEND:-cpu}",
            description =
                    "Where to compute: cpu, or tornado for GPUs and other devices by an installed TornadoVM (docs/tornado.md). NANOCHAT_BACKEND sets the default.",
            showDefaultValue = Visibility.ALWAYS)
    private String backend = "cpu";

    @Option(
            names = "--no-self-check",
            description =
                    "With --backend tornado: do not compare the device's kernels with the CPU's before they are used. A run's report tells.")
    private boolean noSelfCheck;

    @Option(
            names = "--no-machine-code",
            description =
                    "With --backend cpu: multiply by the Vector API alone, also where this machine runs the faster machine code. The results are the same bytes.")
    private boolean noMachineCode;

    @Option(
            names = "--fusion",
            description =
                    "With --backend cpu: matrix products also do what is next with their result (relu squared and its gradient, sums) instead of leaving it to a kernel of its own. The results are the same bytes; measure whether it is faster.")
    private boolean fusion;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute; the result is the same with any number. Default: all processors.")
    private int threads;

    /**
     * The engine that the options ask for.
     *
     * @param console shows the progress of long preparations
     */
    public Engine open(Console console) {
        check();
        return Engine.open(
                backend,
                new BackendOptions(threads, !noSelfCheck, !noMachineCode, fusion, new ProgressLine(console)::report));
    }

    /** Refuses what cannot be; for commands that open the engine late. */
    public void check() {
        if (threads < 0) {
            throw UserError.usage("--threads " + threads, "give 1 or more, or leave it out for all processors");
        }
        if (!Backends.names().contains(backend)) {
            throw UserError.usage("--backend " + backend, "choose one of " + String.join(", ", Backends.names()));
        }
    }

    /** Name of the backend. */
    public String backend() {
        return backend;
    }

    /** Whether the CPU backend may use machine code. */
    public boolean machineCode() {
        return !noMachineCode;
    }

    /** Threads, with the default resolved. */
    public int threads() {
        return new BackendOptions(threads).resolvedThreads();
    }
}
