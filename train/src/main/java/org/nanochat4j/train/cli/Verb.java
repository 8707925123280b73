package org.nanochat4j.train.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.train.data.Progress;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What all commands have in common: help, the base folder, and two ways to show a result. */
public abstract class Verb implements Callable<Integer> {

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Console console;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    @SuppressWarnings("UnusedVariable") // picocli looks at the option itself
    private boolean help;

    @Option(
            names = "--json",
            description = "Print the result as one JSON value on standard output; progress goes to standard error.")
    private boolean json;

    @Option(
            names = "--base-dir",
            paramLabel = "DIR",
            description =
                    "Folder of datasets, tokenizers, checkpoints and reports. Default: NANOCHAT_BASE_DIR, or ~/.cache/nanochat4j.")
    private @Nullable Path base;

    /**
     * A command.
     *
     * @param console where it reads and prints
     */
    protected Verb(Console console) {
        this.console = console;
    }

    /** Does the work. */
    protected abstract void run() throws Exception;

    @Override
    public final Integer call() throws Exception {
        run();
        return 0;
    }

    /** The folder under which everything is kept. */
    protected final BaseDir baseDir() {
        return base == null ? BaseDir.standard() : new BaseDir(base);
    }

    /** Where it reads and prints. */
    protected final Console console() {
        return console;
    }

    /** Whether the result is wanted as JSON. */
    protected final boolean json() {
        return json;
    }

    /** A line of the result for people; on standard error where standard output must stay clean. */
    protected final void say(String line) {
        (json ? console.err() : console.out()).println(line);
        console.out().flush();
    }

    /** The result, if JSON is wanted. */
    protected final void result(Object value) {
        if (json) {
            console.out().println(JSON.writeValueAsString(value));
        }
    }

    /** Shows the progress of long work on standard error. */
    protected final Progress progress() {
        return new ProgressLine(console);
    }
}
