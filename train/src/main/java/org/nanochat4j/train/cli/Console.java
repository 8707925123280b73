package org.nanochat4j.train.cli;

import java.io.InputStream;
import java.io.PrintStream;

/**
 * Where a command reads and prints.
 *
 * @param in standard input
 * @param out results
 * @param err progress and errors
 * @param terminal whether a person watches, so that a progress line may be rewritten in place
 */
public record Console(InputStream in, PrintStream out, PrintStream err, boolean terminal) {}
