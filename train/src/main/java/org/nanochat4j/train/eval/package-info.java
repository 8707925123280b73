/** Evaluation of models. */
@NullMarked
package org.nanochat4j.train.eval;

import org.jspecify.annotations.NullMarked;
