package org.nanochat4j.bench;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.op.Cost;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.train.pretrain.CopyRate;
import org.nanochat4j.train.pretrain.PeakFlops;

/**
 * What this machine could do at best, measured: a kernel takes at least as long as its work takes at the one rate, and its traffic at the other.
 *
 * <p>Source: Williams, Waterman and Patterson 2009 (roofline). A share above 1 is possible where operands are still in a cache.
 *
 * @param threads that were measured together; 0 for a device that is not the processor
 * @param flopsPerSecond F32 multiply-adds between registers, two operations each; on a device those of a large matrix product
 * @param bf16FlopsPerSecond what products of BF16 matrices could reach: the rate of the processor's matrix unit without memory, or the same as F32 where
 *     there is none or machine code is switched off; on a device that computes in BF16 those of a large matrix product
 * @param bandwidth of memory
 */
public record Roof(int threads, double flopsPerSecond, double bf16FlopsPerSecond, Bandwidth bandwidth) {
    private record Allowed(int threads, boolean machineCode) {
        Roof measure() {
            double rate = RegisterPeak.measure(threads);
            return new Roof(
                    threads,
                    rate,
                    machineCode ? TilePeak.measure(threads).orElse(rate) : rate,
                    Bandwidth.measure(threads, MEGABYTES));
        }
    }

    private record Device(String backend, ComputeType compute) {}

    private static final int MEGABYTES = 80;
    private static final Map<Allowed, Roof> MEASURED = new ConcurrentHashMap<>();
    private static final Map<Device, Roof> DEVICES = new ConcurrentHashMap<>();

    /**
     * The roof of this machine; measured once in a process, in about two seconds.
     *
     * @param threads that compute
     * @param machineCode whether the matrix unit may be used, where there is one
     * @return the roof
     */
    public static Roof of(int threads, boolean machineCode) {
        return MEASURED.computeIfAbsent(new Allowed(threads, machineCode), Allowed::measure);
    }

    /**
     * The roof of a device that is not the processor: its own matrix products and copy; measured once in a process for each backend and type.
     *
     * @param target the device
     * @param compute type that the model computes in: products of BF16 are measured for BF16 only, since not every device computes them
     * @return the roof, with 0 threads
     */
    public static Roof of(Target target, ComputeType compute) {
        return DEVICES.computeIfAbsent(new Device(target.backend(), compute), _ -> {
            try (Engine engine = target.engine()) {
                double copy = CopyRate.measure(engine);
                double rate = PeakFlops.measure(engine, DType.F32);
                double bf16 = compute.on(engine) == DType.BF16 ? PeakFlops.measure(engine, DType.BF16) : rate;
                return new Roof(0, rate, bf16, new Bandwidth(copy, copy, copy));
            }
        });
    }

    /**
     * The rate of products.
     *
     * @param operands type of the matrices
     * @return floating-point operations per second
     */
    public double rate(DType operands) {
        return operands == DType.BF16 ? bf16FlopsPerSecond : flopsPerSecond;
    }

    /**
     * The shortest time for the work and traffic of an op. Only products take BF16 as it is, everything else computes in F32.
     *
     * @param op what is done
     * @param operands types of its operands
     * @param cost of it
     * @return seconds
     */
    public double seconds(Op op, List<TensorType> operands, Cost cost) {
        boolean product = op instanceof MatMul || op instanceof Logits || op instanceof SoftcapCrossEntropy;
        double rate = rate(product ? operands.getFirst().dtype() : DType.F32);
        return Math.max(cost.flops() / rate, cost.bytes() / bandwidth.best());
    }

    /** {@return the rates in one line} */
    public String line() {
        if (threads == 0) {
            return "roof of the device: " + Table.number(flopsPerSecond / 1e9)
                    + " GFLOP/s in a large F32 matrix product"
                    + (bf16FlopsPerSecond == flopsPerSecond
                            ? ""
                            : ", " + Table.number(bf16FlopsPerSecond / 1e9) + " in one of BF16")
                    + "; memory " + Table.number(bandwidth.copy() / 1e9)
                    + " GB/s copied";
        }
        return "roof of " + threads + (threads == 1 ? " thread: " : " threads: ")
                + Table.number(flopsPerSecond / 1e9) + " GFLOP/s between registers"
                + (bf16FlopsPerSecond == flopsPerSecond
                        ? ""
                        : ", " + Table.number(bf16FlopsPerSecond / 1e9) + " in BF16 on the matrix unit")
                + "; memory "
                + Table.number(bandwidth.read() / 1e9) + " GB/s read, " + Table.number(bandwidth.copy() / 1e9)
                + " copied, "
                + Table.number(bandwidth.triad() / 1e9) + " triad";
    }
}
