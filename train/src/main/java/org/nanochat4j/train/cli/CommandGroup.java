package org.nanochat4j.train.cli;

/** A command that another module adds to {@code nanochat}; found by {@link java.util.ServiceLoader}. */
public interface CommandGroup {

    /** Name on the command line. */
    String name();

    /**
     * An object that picocli takes as a command, perhaps with sub-commands.
     *
     * @param console where it reads and prints
     */
    Object command(Console console);
}
