package org.nanochat4j.engine.spi;

/** Who is told how far a long preparation has come, for example the compilation of kernels. */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress NONE = (what, done, total) -> {};

    /**
     * Some more is done.
     *
     * @param what the kind of work, for example "kernels compiled"
     * @param done how much so far
     * @param total how much there is
     */
    void advance(String what, int done, int total);
}
