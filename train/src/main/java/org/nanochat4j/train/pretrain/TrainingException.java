package org.nanochat4j.train.pretrain;

/** A run that cannot start or go on: what is wrong and where, and what to do. */
public final class TrainingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** An error with its remedy; on a line of its own where the error takes several. */
    public TrainingException(String what, String remedy) {
        super(what + (what.contains("\n") ? "\n  remedy: " : "; ") + remedy);
    }
}
