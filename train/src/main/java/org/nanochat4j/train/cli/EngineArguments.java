package org.nanochat4j.train.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import picocli.CommandLine.Option;

/** Options of the engine. */
final class EngineArguments {

    private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([kmgt]?)(i?b)?");

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute; the result is the same with any number. Default: all processors.")
    private int threads;

    @Option(
            names = "--memory-limit",
            paramLabel = "SIZE",
            description = "Most memory for tensors, such as 6G. Default: what is free.")
    private @Nullable String memoryLimit;

    Engine open() {
        if (threads < 0) {
            throw UserError.usage("--threads " + threads, "give 1 or more, or leave it out for all processors");
        }
        return Engine.open("cpu", new BackendOptions(threads));
    }

    /** Threads, with the default resolved. */
    int threads() {
        return new BackendOptions(threads).resolvedThreads();
    }

    /** Bytes that the plan may take. */
    long memoryLimit() {
        if (memoryLimit == null) {
            return Long.MAX_VALUE;
        }
        Matcher size = SIZE.matcher(memoryLimit.strip().toLowerCase(Locale.ROOT));
        if (!size.matches()) {
            throw UserError.usage("--memory-limit " + memoryLimit + " is no size", "give one such as 800M or 6G");
        }
        int power = "kmgt".indexOf(size.group(2).isEmpty() ? " " : size.group(2)) + 1;
        return (long) (Double.parseDouble(size.group(1)) * Math.pow(1024, power));
    }
}
