package org.nanochat4j.bench;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The rate of F32 multiply-adds between registers: no kernel can be faster, since it also has to load and store. */
final class RegisterPeak {
    private static final VectorSpecies<Float> LANES = FloatVector.SPECIES_PREFERRED;

    /** Chains that do not wait for each other: two units times a latency of four to five cycles, and registers to spare. */
    private static final int CHAINS = 12;

    private static final int STEPS = 400_000;
    private static final int WARM_UP = 20;
    private static final int ROUNDS = 20;

    private RegisterPeak() {}

    /** Floating-point operations per second of so many threads together; a multiply-add counts two. */
    static double measure(int threads) {
        float[] sums = new float[threads];
        try (Team team = new Team(threads)) {
            double seconds = team.best(WARM_UP, ROUNDS, index -> sums[index] = chains(STEPS));
            if (!Float.isFinite(sums[0])) {
                throw new IllegalStateException("the chains of multiply-adds came to " + sums[0]);
            }
            return 2.0 * CHAINS * LANES.length() * STEPS * threads / seconds;
        }
    }

    private static float chains(int steps) {
        FloatVector a = FloatVector.broadcast(LANES, 0.5f);
        FloatVector b = FloatVector.broadcast(LANES, 0x1p-20f);
        FloatVector c0 = a;
        FloatVector c1 = b;
        FloatVector c2 = a;
        FloatVector c3 = b;
        FloatVector c4 = a;
        FloatVector c5 = b;
        FloatVector c6 = a;
        FloatVector c7 = b;
        FloatVector c8 = a;
        FloatVector c9 = b;
        FloatVector c10 = a;
        FloatVector c11 = b;
        for (int i = 0; i < steps; i++) {
            c0 = a.fma(b, c0);
            c1 = a.fma(b, c1);
            c2 = a.fma(b, c2);
            c3 = a.fma(b, c3);
            c4 = a.fma(b, c4);
            c5 = a.fma(b, c5);
            c6 = a.fma(b, c6);
            c7 = a.fma(b, c7);
            c8 = a.fma(b, c8);
            c9 = a.fma(b, c9);
            c10 = a.fma(b, c10);
            c11 = a.fma(b, c11);
        }
        FloatVector sum = c0.add(c1).add(c2).add(c3).add(c4).add(c5);
        return sum.add(c6).add(c7).add(c8).add(c9).add(c10).add(c11).lane(0);
    }
}
