package org.nanochat4j.train.pretrain;

/** Told what happens in a run, from the thread that trains. */
@FunctionalInterface
public interface TrainingListener {

    /** Something happened. */
    void on(TrainingEvent event);
}
