package org.nanochat4j.engine.program;

/** A compiled program. Running it allocates nothing, looks nothing up by name and records nothing. */
public interface Executable {
    /** Runs all steps and returns when they have finished. */
    void run();
}
