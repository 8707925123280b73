package org.nanochat4j.tornado.simulator;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** The orders in which work-items run between barriers; a right kernel gives the same results in all of them. */
enum Order {
    ASCENDING,
    DESCENDING,
    RANDOM;

    private static final long SEED = 42;

    /** {@return the numbers below n in this order} */
    int[] of(int n) {
        int[] numbers = new int[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = this == DESCENDING ? n - 1 - i : i;
        }
        if (this == RANDOM) {
            RandomGenerator random =
                    RandomGeneratorFactory.of("L64X128MixRandom").create(SEED + n);
            for (int i = n - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int other = numbers[j];
                numbers[j] = numbers[i];
                numbers[i] = other;
            }
        }
        return numbers;
    }
}
