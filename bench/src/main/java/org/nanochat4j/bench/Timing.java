package org.nanochat4j.bench;

import java.util.Arrays;

/**
 * How long runs of the same work took.
 *
 * @param median seconds
 * @param minimum seconds
 * @param maximum seconds
 * @param rounds how many runs
 */
public record Timing(double median, double minimum, double maximum, int rounds) {

    /**
     * Sums up.
     *
     * @param seconds of each run, at least one
     * @return the timing
     */
    public static Timing of(double... seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Timing(median, sorted[0], sorted[sorted.length - 1], sorted.length);
    }
}
