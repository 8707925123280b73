package org.nanochat4j.train.data;

/** Told now and then how far a long piece of work has come; called from the thread that does the work. */
@FunctionalInterface
public interface Progress {

    /** Says nothing. */
    Progress SILENT = (stage, done, total) -> {};

    /**
     * One sign of life.
     *
     * @param stage what is being done, in one or two words
     * @param done units finished
     * @param total units in all, or 0 if unknown
     */
    void report(String stage, long done, long total);
}
