/** Measurements of kernels, whole steps and the tokenizer, through the engine's public interface, beside what the machine could do. */
@NullMarked
package org.nanochat4j.bench;

import org.jspecify.annotations.NullMarked;
