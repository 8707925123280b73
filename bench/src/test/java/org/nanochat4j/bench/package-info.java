/** Measurements at toy sizes: that they are made, not what they say. */
@NullMarked
package org.nanochat4j.bench;

import org.jspecify.annotations.NullMarked;
