package org.nanochat4j.bench;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nanochat4j.engine.op.Cost;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.train.pretrain.CopyRate;
import org.nanochat4j.train.pretrain.PeakFlops;

/**
 * What this machine could do at best, measured: a kernel takes at least as long as its work takes at the one rate, and its traffic at the other.
 *
 * <p>Source: Williams, Waterman and Patterson 2009 (roofline). A share above 1 is possible where operands are still in a cache.
 *
 * @param threads that were measured together; 0 for a device that is not the processor
 * @param flopsPerSecond multiply-adds between registers, two operations each; on a device those of a large matrix product
 * @param bandwidth of memory
 */
public record Roof(int threads, double flopsPerSecond, Bandwidth bandwidth) {
    private static final int MEGABYTES = 80;
    private static final Map<Integer, Roof> MEASURED = new ConcurrentHashMap<>();
    private static final Map<String, Roof> DEVICES = new ConcurrentHashMap<>();

    /**
     * The roof of this machine; measured once in a process, in about two seconds.
     *
     * @param threads that compute
     * @return the roof
     */
    public static Roof of(int threads) {
        return MEASURED.computeIfAbsent(
                threads, count -> new Roof(count, RegisterPeak.measure(count), Bandwidth.measure(count, MEGABYTES)));
    }

    /**
     * The roof of a device that is not the processor: its own matrix product and copy; measured once in a process for each backend.
     *
     * @param target the device
     * @return the roof, with 0 threads
     */
    public static Roof of(Target target) {
        return DEVICES.computeIfAbsent(target.backend(), _ -> {
            try (Engine engine = target.engine()) {
                double copy = CopyRate.measure(engine);
                return new Roof(0, PeakFlops.measure(engine), new Bandwidth(copy, copy, copy));
            }
        });
    }

    /**
     * The shortest time for this work and traffic.
     *
     * @param cost of a kernel
     * @return seconds
     */
    public double seconds(Cost cost) {
        return Math.max(cost.flops() / flopsPerSecond, cost.bytes() / bandwidth.best());
    }

    /** {@return the rates in one line} */
    public String line() {
        if (threads == 0) {
            return "roof of the device: " + Table.number(flopsPerSecond / 1e9)
                    + " GFLOP/s in a large F32 matrix product; memory " + Table.number(bandwidth.copy() / 1e9)
                    + " GB/s copied";
        }
        return "roof of " + threads + (threads == 1 ? " thread: " : " threads: ")
                + Table.number(flopsPerSecond / 1e9) + " GFLOP/s between registers; memory "
                + Table.number(bandwidth.read() / 1e9) + " GB/s read, " + Table.number(bandwidth.copy() / 1e9)
                + " copied, "
                + Table.number(bandwidth.triad() / 1e9) + " triad";
    }
}
