/** The TornadoVM backend: programs as task graphs. */
@NullMarked
package org.nanochat4j.engine.tornado;

import org.jspecify.annotations.NullMarked;
