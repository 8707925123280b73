package org.nanochat4j.train.pretrain;

import java.util.List;
import java.util.Locale;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;

/**
 * What model FLOPs utilisation (MFU) is relative to: the published peak of a known GPU, or else the rate of large products of matrices of the type that
 * the model computes in, which is measured here.
 *
 * @param perSecond floating-point operations
 * @param operands type of the matrices that are multiplied
 * @param published whether it is the maker's figure; otherwise it was measured
 */
public record PeakFlops(double perSecond, DType operands, boolean published) {

    /** Extent of the square product on processors, where it usually takes some milliseconds. */
    private static final int SIZE = 768;

    /** Extent on other devices, and on processors that are not busy with less. */
    private static final int LARGE_SIZE = 2048;

    /** Products that take less say more of starting and packing than of multiplying. */
    private static final double LEAST_SECONDS = 2e-3;

    /** The virtual machine needs this long to compile the kernels. */
    private static final long WARM_UP_NANOS = 600_000_000;

    private static final int ROUNDS = 10;

    /**
     * The peak of the device that an engine runs on; takes a second or two where it is measured.
     *
     * @param compute type that the model computes in; a published peak is that of BF16 whatever it is, as in the reference
     */
    public static PeakFlops of(Engine engine, DType compute) {
        return PublishedPeak.find(engine.device().name())
                .map(peak -> new PeakFlops(peak.teraflops() * 1e12, DType.BF16, true))
                .orElseGet(() -> new PeakFlops(measure(engine, compute), compute, false));
    }

    /** What is measured. */
    public static String measured(DType operands) {
        return "large " + operands + " matrix product";
    }

    /** Where the figure comes from. */
    public String source() {
        return published
                ? "published, " + operands + " matrix products without sparsity"
                : "measured at start, " + measured(operands);
    }

    /** What utilisation is called in log lines: the reference's name where it is relative to what the reference takes. */
    String utilisation() {
        return published ? "bf16_mfu" : "mfu_of_measured";
    }

    /** The peak and where it comes from. */
    public String line() {
        return String.format(Locale.ROOT, "%,.1f GFLOP/s (%s)", perSecond / 1e9, source());
    }

    /**
     * Measures products of square matrices; takes a second or two.
     *
     * @param operands type of the matrices, and of their product
     * @return floating-point operations per second, the best of a few products
     */
    public static double measure(Engine engine, DType operands) {
        if (engine.device().threads() == 0) {
            return flops(LARGE_SIZE) / seconds(engine, operands, LARGE_SIZE);
        }
        double seconds = seconds(engine, operands, SIZE);
        return seconds < LEAST_SECONDS
                ? flops(LARGE_SIZE) / seconds(engine, operands, LARGE_SIZE)
                : flops(SIZE) / seconds;
    }

    private static double flops(double size) {
        return 2 * size * size * size;
    }

    /** The shortest time of a product. */
    private static double seconds(Engine engine, DType operands, int size) {
        var type = new TensorType(operands, Shape.of(size, size));
        // roles that stay on the device: an input would come from the host with every run
        var a = new Variable("peak.a", type, Variable.Role.PARAMETER);
        var b = new Variable("peak.b", type, Variable.Role.PARAMETER);
        var c = new Variable("peak.c", type, Variable.Role.PARAMETER);
        var in = new Recorder("peak");
        in.assign(c, in.use(a).matmul(in.use(b)));
        Program program = in.finish();
        Executable product = engine.compile(engine.plan(List.of(program))).getFirst();
        long begin = System.nanoTime();
        do {
            product.run();
        } while (System.nanoTime() - begin < WARM_UP_NANOS);
        long best = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            product.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        List.of(a, b, c).forEach(engine::release);
        return best / 1e9;
    }
}
