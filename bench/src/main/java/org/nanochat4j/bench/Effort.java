package org.nanochat4j.bench;

import java.util.Arrays;

/**
 * How much to measure: the work runs until the virtual machine has compiled it, then each further run is timed.
 *
 * <p>Medians of runs in one warm process are the rule for whole steps and for tables of kernels. The JMH classes of this package measure a single
 * kernel in a process of its own, for those who work on it.
 *
 * @param warmUpSeconds the work runs at least so long, and at least once, before it is timed
 * @param rounds timed at least so often
 * @param seconds timed at least so long
 */
public record Effort(double warmUpSeconds, int rounds, double seconds) {

    /**
     * Times a piece of work.
     *
     * @param work runs often
     * @return the timing
     */
    public Timing time(Runnable work) {
        long begin = System.nanoTime();
        do {
            work.run();
        } while (since(begin) < warmUpSeconds);
        double[] times = new double[Math.max(1, rounds)];
        int count = 0;
        begin = System.nanoTime();
        do {
            if (count == times.length) {
                times = Arrays.copyOf(times, 2 * count);
            }
            long start = System.nanoTime();
            work.run();
            times[count++] = since(start);
        } while (count < rounds || since(begin) < seconds);
        return Timing.of(Arrays.copyOf(times, count));
    }

    /** Seconds since a value of {@link System#nanoTime}. */
    static double since(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }
}
