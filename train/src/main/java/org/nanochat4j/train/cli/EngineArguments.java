package org.nanochat4j.train.cli;

import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import picocli.CommandLine.Option;

/** Options of the engine. */
public final class EngineArguments {

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute; the result is the same with any number. Default: all processors.")
    private int threads;

    /** The engine that the options ask for. */
    public Engine open() {
        if (threads < 0) {
            throw UserError.usage("--threads " + threads, "give 1 or more, or leave it out for all processors");
        }
        return Engine.open("cpu", new BackendOptions(threads));
    }

    /** Threads, with the default resolved. */
    public int threads() {
        return new BackendOptions(threads).resolvedThreads();
    }
}
