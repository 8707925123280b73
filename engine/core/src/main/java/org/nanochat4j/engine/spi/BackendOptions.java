package org.nanochat4j.engine.spi;

/**
 * How to open a backend.
 *
 * @param threads CPU threads to use; 0 for all processors
 * @param selfCheck whether a backend that compiles its kernels at run time compares them with the CPU backend before it is used
 * @param machineCode whether a backend may run machine code that it writes itself, where it has any for this machine
 * @param fusion whether a backend may compute several steps of a program by one kernel, where it has any that does; the results are the same bytes. By default not: docs/kernels/gemm.md
 * @param progress who is told of long preparations
 */
public record BackendOptions(int threads, boolean selfCheck, boolean machineCode, boolean fusion, Progress progress) {
    /** All processors. */
    public static final BackendOptions DEFAULT = new BackendOptions(0);

    /**
     * Options of which only the number of threads differs from the default.
     *
     * @param threads CPU threads to use; 0 for all processors
     */
    public BackendOptions(int threads) {
        this(threads, true, true, false, Progress.NONE);
    }

    /** {@return the number of threads with 0 resolved} */
    public int resolvedThreads() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
