/** Benchmarks of kernels and whole steps, through the engine's public interface. */
@NullMarked
package org.nanochat4j.bench;

import org.jspecify.annotations.NullMarked;
