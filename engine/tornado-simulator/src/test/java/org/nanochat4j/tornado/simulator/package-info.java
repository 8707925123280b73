/** What the simulated device does as a real one, and which broken kernels and graphs it catches. */
@NullMarked
package org.nanochat4j.tornado.simulator;

import org.jspecify.annotations.NullMarked;
