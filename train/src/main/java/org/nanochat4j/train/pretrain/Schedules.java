package org.nanochat4j.train.pretrain;

/**
 * What changes from step to step over a run of N iterations. Source: the reference's base training.
 *
 * @param iterations N
 * @param warmupSteps steps over which the learning rate rises linearly
 * @param warmdownRatio share of the run over which it falls linearly at the end
 * @param finalFraction of the learning rate, reached after the last step
 */
public record Schedules(int iterations, int warmupSteps, double warmdownRatio, double finalFraction) {

    private static final int MOMENTUM_STEPS = 400;
    private static final double FIRST_MOMENTUM = 0.85;
    private static final double FULL_MOMENTUM = 0.97;
    private static final double LAST_MOMENTUM = 0.90;

    /** Factor of every learning rate at a step, from 0. */
    public double learningRate(int step) {
        if (step < warmupSteps) {
            return (step + 1.0) / warmupSteps;
        }
        if (step <= iterations - warmdown()) {
            return 1;
        }
        double left = (double) (iterations - step) / warmdown();
        return left + (1 - left) * finalFraction;
    }

    /** Momentum of Muon at a step, from 0. */
    public double muonMomentum(int step) {
        int start = iterations - warmdown();
        if (step < MOMENTUM_STEPS) {
            return between(FIRST_MOMENTUM, FULL_MOMENTUM, (double) step / MOMENTUM_STEPS);
        }
        return step >= start
                ? between(FULL_MOMENTUM, LAST_MOMENTUM, (double) (step - start) / warmdown())
                : FULL_MOMENTUM;
    }

    /** Factor of Muon's weight decay at a step, from 0: a half cosine down to 0. */
    public double weightDecay(int step) {
        return 0.5 * (1 + Math.cos(Math.PI * step / iterations));
    }

    /** Steps of falling learning rate; half to even, as Python rounds. */
    private int warmdown() {
        return (int) Math.rint(warmdownRatio * iterations);
    }

    private static double between(double from, double to, double share) {
        return (1 - share) * from + share * to;
    }
}
