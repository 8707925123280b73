package org.nanochat4j.engine.program;

import java.lang.foreign.MemorySegment;

/** A compiled program. Running it allocates nothing, looks nothing up by name and records nothing. */
public interface Executable {
    /** Runs all steps and returns when they have finished. */
    void run();

    /**
     * Runs the steps one after another, with the same results, and shows each as soon as it has finished: slow, for finding out where something
     * went wrong.
     *
     * @param observer is asked after each step whether to go on
     */
    void run(Observer observer);

    /** Looks at a program while it runs. */
    @FunctionalInterface
    interface Observer {
        /**
         * A step that computes something has finished; views are not shown.
         *
         * @param index of the step in the program
         * @param step the step
         * @param values reads what the step wrote; an operand may already be overwritten by the result
         * @return whether to go on
         */
        boolean after(int index, Step step, Values values);
    }

    /** The values of a program that runs, after one of its steps. */
    @FunctionalInterface
    interface Values {
        /**
         * Copies a part of a value to the host.
         *
         * @param value what to read
         * @param offset first byte to read
         * @param target little-endian elements
         */
        void read(Value value, long offset, MemorySegment target);
    }
}
