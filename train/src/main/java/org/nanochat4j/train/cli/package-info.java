/**
 * The command line: one class per command, and the only place of the program that prints.
 *
 * <p>Commands read options, call the libraries and show what these return. With {@code --json} standard output holds exactly one
 * JSON value; progress always goes to standard error. Exit codes: 0 success, 1 failure, 2 wrong usage.
 */
@NullMarked
package org.nanochat4j.train.cli;

import org.jspecify.annotations.NullMarked;
