/** The CPU backend: off-heap memory, Vector API kernels, a fixed pool of threads. */
package org.nanochat4j.engine.cpu;
