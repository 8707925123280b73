package org.nanochat4j.engine.cpu.kernels;

/** A kernel bound to shapes and addresses: running it reads and writes those and allocates nothing. */
@FunctionalInterface
public interface Kernel {
    /** Runs to completion; parallel parts have finished when it returns. */
    void run();
}
