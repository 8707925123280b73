package org.nanochat4j.train.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program {@code nanochat}. */
public final class Main {

    private Main() {}

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] args) {
        // buffered and in UTF-8 whatever the locale; flushed at the end and by everything that shows progress
        var out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        var err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        boolean terminal = System.console() != null && System.console().isTerminal();
        int code = execute(new Console(System.in, out, err, terminal), args);
        out.flush();
        System.exit(code);
    }

    /**
     * Runs a command.
     *
     * @param console where it reads and prints
     * @param args command and options
     * @return the exit code: 0 success, 1 failure, 2 wrong usage
     */
    public static int execute(Console console, String... args) {
        int code;
        try {
            code = commandLine(console).execute(args);
        } catch (OutOfMemoryError | LinkageError | StackOverflowError e) {
            // picocli hands on exceptions only
            code = Failures.failure(console, e);
        }
        console.out().flush();
        console.err().flush();
        return code;
    }

    private static CommandLine commandLine(Console console) {
        var line = new CommandLine(new Root())
                .addSubcommand("quickstart", new QuickstartCommand(console))
                .addSubcommand("data", DataCommand.withSubcommands(console))
                .addSubcommand("tok", TokCommand.withSubcommands(console))
                .addSubcommand("devices", new DevicesCommand(console))
                .addSubcommand("info", new InfoCommand(console))
                .addSubcommand("train", new TrainCommand(console))
                .addSubcommand("sample", new SampleCommand(console))
                .addSubcommand("score", new ScoreCommand(console))
                .addSubcommand("report", new ReportCommand(console));
        for (CommandGroup group : ServiceLoader.load(CommandGroup.class)) {
            line.addSubcommand(group.name(), group.command(console));
        }
        return line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler((e, arguments) -> Failures.usage(console, e))
                .setExecutionExceptionHandler((e, command, arguments) -> Failures.failure(console, e));
    }

    @Command(
            name = "nanochat",
            description = "Trains and runs GPT language models, in Java, on this machine.",
            synopsisSubcommandLabel = "COMMAND",
            footerHeading = "%nStart with:%n",
            footer = {
                "  nanochat quickstart        train a tokenizer and a small model on real text, in about five minutes",
                "",
                "Everything is kept under ~/.cache/nanochat4j; NANOCHAT_BASE_DIR overrides.",
                "Exit codes: 0 success, 1 failure, 2 wrong usage. NANOCHAT_DEBUG=1 adds stack traces to errors."
            })
    private static final class Root extends Group {}
}
