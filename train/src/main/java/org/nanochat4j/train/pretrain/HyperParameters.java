package org.nanochat4j.train.pretrain;

import java.util.List;
import org.nanochat4j.engine.optim.AdamW;
import org.nanochat4j.engine.optim.Muon;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.runtime.Engine;

/**
 * What the update program reads at every step: learning rate and the rest, for each group.
 *
 * @param schedules of the run
 * @param weightDecay of Muon, before its schedule
 */
record HyperParameters(Schedules schedules, double weightDecay) {

    /** Muon's weight decay at a step, from 0. */
    double weightDecay(int step) {
        return weightDecay * schedules.weightDecay(step);
    }

    /** Writes the values of a step, from 0. */
    void write(Engine engine, List<ParamGroup> groups, int step) {
        double multiplier = schedules.learningRate(step);
        for (ParamGroup group : groups) {
            double rate = group.initialLearningRate() * multiplier;
            engine.write(
                    group.hyper(),
                    switch (group) {
                        case AdamW adam -> adam.hyperValues(rate, step + 1L);
                        case Muon _ ->
                            new float[] {(float) rate, (float) schedules.muonMomentum(step), (float) weightDecay(step)};
                    });
        }
    }
}
