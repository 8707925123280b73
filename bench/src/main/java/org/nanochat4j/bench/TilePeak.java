package org.nanochat4j.bench;

import java.util.OptionalDouble;
import org.nanochat4j.engine.cpu.code.TileRoutine;

/** The rate of BF16 multiply-adds in the processor's matrix unit (AMX) without memory: no product can be faster, since it also has to load and store. */
final class TilePeak {
    /** About 25 microseconds: a safepoint waits for a call. */
    private static final int STEPS = 1000;

    private static final int CALLS = 100;
    private static final int WARM_UP = 20;
    private static final int ROUNDS = 20;

    private TilePeak() {}

    /** Floating-point operations per second of so many threads together, a multiply-add counts two; empty where there is no such unit. */
    static OptionalDouble measure(int threads) {
        if (TileRoutine.obstacle().isPresent()) {
            return OptionalDouble.empty();
        }
        try (Team team = new Team(threads)) {
            double seconds = team.best(WARM_UP, ROUNDS, _ -> {
                for (int i = 0; i < CALLS; i++) {
                    TileRoutine.peak(STEPS);
                }
            });
            return OptionalDouble.of((double) TileRoutine.STEP_FLOPS * STEPS * CALLS * threads / seconds);
        }
    }
}
