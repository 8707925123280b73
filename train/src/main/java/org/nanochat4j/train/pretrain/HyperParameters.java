package org.nanochat4j.train.pretrain;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.nanochat4j.engine.optim.AdamW;
import org.nanochat4j.engine.optim.Muon;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.runtime.Engine;

/** What the update program reads at every step: learning rate and the rest, for each group. Writing them allocates nothing. */
final class HyperParameters {

    private final Schedules schedules;
    private final double weightDecay;
    private final float[] values = new float[3];
    private final MemorySegment bytes = MemorySegment.ofArray(values);

    /**
     * Schedules of a run.
     *
     * @param weightDecay of Muon, before its schedule
     */
    HyperParameters(Schedules schedules, double weightDecay) {
        this.schedules = schedules;
        this.weightDecay = weightDecay;
    }

    /** Schedules of the run. */
    Schedules schedules() {
        return schedules;
    }

    /** Muon's weight decay at a step, from 0. */
    double weightDecay(int step) {
        return weightDecay * schedules.weightDecay(step);
    }

    /** Writes the values of a step, from 0. */
    void write(Engine engine, List<ParamGroup> groups, int step) {
        double multiplier = schedules.learningRate(step);
        for (int i = 0; i < groups.size(); i++) {
            ParamGroup group = groups.get(i);
            double rate = group.initialLearningRate() * multiplier;
            switch (group) {
                case AdamW adam -> adam.hyperValues(rate, step + 1L, values);
                case Muon _ -> {
                    values[0] = (float) rate;
                    values[1] = (float) schedules.muonMomentum(step);
                    values[2] = (float) weightDecay(step);
                }
            }
            engine.write(group.hyper(), 0, bytes);
        }
    }
}
