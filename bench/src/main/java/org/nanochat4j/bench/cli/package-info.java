/** The commands {@code nanochat bench}. */
@NullMarked
package org.nanochat4j.bench.cli;

import org.jspecify.annotations.NullMarked;
