package org.nanochat4j.train.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that bounds the memory of training. */
final class MemoryArguments {

    private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([kmgt]?)(i?b)?");

    @Option(
            names = "--memory-limit",
            paramLabel = "SIZE",
            description = "Most memory for tensors, such as 6G. Default: what is free.")
    private @Nullable String memoryLimit;

    /** Bytes that the plan may take. */
    long bytes() {
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
