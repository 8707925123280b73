/**
 * The TornadoVM backend: programs as task graphs on OpenCL and CUDA devices.
 *
 * <p>Compiled against the simulator's declarations of TornadoVM's API, run on a TornadoVM that the user has installed. Classes that name its types are loaded only
 * after {@link org.nanochat4j.engine.tornado.TornadoBackendProvider} has found it.
 */
@NullMarked
package org.nanochat4j.engine.tornado;

import org.jspecify.annotations.NullMarked;
