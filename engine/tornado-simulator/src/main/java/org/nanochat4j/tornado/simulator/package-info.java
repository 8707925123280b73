/**
 * A test device behind TornadoVM's public API: kernels run on this JVM with the memory and work-groups of a device. It is
 * for tests; nothing registers it as a backend.
 */
@NullMarked
package org.nanochat4j.tornado.simulator;

import org.jspecify.annotations.NullMarked;
