/**
 * Random generators whose sequences are fixed by other programs, so that shuffles and draws agree with the reference's.
 *
 * <p>For numbers of our own choosing the engine's counter-based generator is the right one; these exist for parity.
 */
@NullMarked
package org.nanochat4j.train.random;

import org.jspecify.annotations.NullMarked;
