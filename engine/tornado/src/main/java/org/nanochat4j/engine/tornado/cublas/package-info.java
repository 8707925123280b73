/**
 * Matrix products by NVIDIA's cuBLAS, as library tasks of TornadoVM's CUDA driver.
 *
 * <p>TornadoVM's own tasks for cuBLAS take whole arrays; the tensors of this backend are parts of arrays. So this is a provider of its own, by the service interface
 * that TornadoVM documents: it calls the cuBLAS of the machine through {@code java.lang.foreign}, on TornadoVM's stream. Nothing of NVIDIA's is shipped.
 */
@NullMarked
package org.nanochat4j.engine.tornado.cublas;

import org.jspecify.annotations.NullMarked;
