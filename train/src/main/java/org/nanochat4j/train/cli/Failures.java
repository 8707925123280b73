package org.nanochat4j.train.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.nanochat4j.model.ModelException;
import org.nanochat4j.tokenizer.TokenizerException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What a person reads when something goes wrong: what, where and what to do, without a stack trace. */
final class Failures {

    private Failures() {}

    /** Options that picocli refuses. */
    static int usage(Console console, ParameterException e) {
        CommandLine command = e.getCommandLine();
        String path = command.getCommandSpec().qualifiedName();
        console.err().println(path + ": " + sentence(String.valueOf(e.getMessage())) + "; see " + path + " --help");
        if (!command.getCommandSpec().subcommands().isEmpty()
                && command.getParseResult().originalArgs().isEmpty()) {
            command.usage(console.err());
        }
        trace(console, e);
        return CommandLine.ExitCode.USAGE;
    }

    /** Anything thrown while a command ran. */
    static int failure(Console console, Throwable e) {
        // a progress line may still stand there
        console.err().println((console.terminal() ? "\r\u001b[K" : "") + "nanochat: " + describe(e));
        trace(console, e);
        return code(e);
    }

    private static int code(Throwable e) {
        return switch (e) {
            case UserError u -> u.exitCode();
            case ModelException.BadConfig _ -> CommandLine.ExitCode.USAGE;
            default -> CommandLine.ExitCode.SOFTWARE;
        };
    }

    /** One line for a failure; several only where a table belongs to it. */
    static String describe(Throwable e) {
        return switch (e) {
            case TokenizerException t -> t.problem() + "; " + t.remedy();
            case NoSuchFileException n -> "no such file or folder: " + n.getFile() + "; check the path";
            case AccessDeniedException a ->
                "no permission: " + a.getFile() + "; check its owner and mode, or choose another path";
            case FileSystemException f -> f.getMessage() + "; check free space and permissions";
            case UncheckedIOException u -> u.getMessage() + "; check free space and permissions";
            case IOException i ->
                "input or output failed: " + i.getMessage() + "; check the path, free space and permissions";
            case OutOfMemoryError o
            when String.valueOf(o.getMessage()).contains("direct buffer") ->
                "memory outside the heap is used up (" + o.getMessage()
                        + "); use a smaller batch or model, or allow more with NANOCHAT_JAVA_OPTS=-XX:MaxDirectMemorySize=16g";
            case OutOfMemoryError o ->
                "the Java heap is full (" + o.getMessage() + "); give it more with NANOCHAT_JAVA_OPTS=-Xmx8g";
            default -> own(e);
        };
    }

    private static String own(Throwable e) {
        boolean ours = e instanceof UserError || e.getClass().getName().startsWith("org.nanochat4j.");
        String message = sentence(e.getMessage() == null ? "" : e.getMessage());
        return ours
                ? message
                : "internal error, " + e.getClass().getSimpleName() + ": " + message
                        + "; please report it with the output under NANOCHAT_DEBUG=1";
    }

    /** A message and its remedy on one line, unless a table such as a memory plan stands between them. */
    private static String sentence(String message) {
        String text = message.strip();
        boolean table = text.lines().count() > 2;
        return table ? text : text.replaceFirst("\\R\\s*remedy: ", "; ");
    }

    private static void trace(Console console, Throwable e) {
        String debug = System.getenv("NANOCHAT_DEBUG");
        if (debug != null && !debug.isEmpty() && !debug.equals("0")) {
            e.printStackTrace(console.err());
        }
    }
}
