/**
 * Base training: what follows from the depth, the schedules, the loop, and what it leaves in the run's folder.
 *
 * <p>Nothing here prints; a {@link org.nanochat4j.train.pretrain.TrainingListener} is told what happens.
 */
@NullMarked
package org.nanochat4j.train.pretrain;

import org.jspecify.annotations.NullMarked;
