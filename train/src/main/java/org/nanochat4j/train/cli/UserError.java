package org.nanochat4j.train.cli;

import picocli.CommandLine;

/** Something the user can mend: what is wrong and where, and what to do, in one line. */
public final class UserError extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private UserError(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** Options that make no sense: exit code 2. */
    public static UserError usage(String what, String remedy) {
        return new UserError(CommandLine.ExitCode.USAGE, what + "; " + remedy);
    }

    /** Anything else: exit code 1. */
    public static UserError failure(String what, String remedy) {
        return new UserError(CommandLine.ExitCode.SOFTWARE, what + "; " + remedy);
    }

    int exitCode() {
        return exitCode;
    }
}
