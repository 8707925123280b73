/** The commands as a user has them, at toy sizes. */
@NullMarked
package org.nanochat4j.bench.cli;

import org.jspecify.annotations.NullMarked;
