package org.nanochat4j.train.pretrain;

import java.util.List;
import java.util.Locale;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;

/**
 * What model FLOPs utilisation (MFU) is relative to: the published peak of a known GPU, or else the rate of large matrix products that is
 * measured here.
 *
 * @param perSecond floating-point operations
 * @param published whether it is the maker's figure; otherwise it was measured
 */
public record PeakFlops(double perSecond, boolean published) {

    /** What is measured. */
    public static final String MEASURED = "large F32 matrix product";

    /** Extent of the square product on processors, where it takes some milliseconds. */
    private static final int SIZE = 768;

    /** Extent on other devices, which are not busy with less. */
    private static final int DEVICE_SIZE = 2048;

    /** The virtual machine needs this long to compile the kernels. */
    private static final long WARM_UP_NANOS = 600_000_000;

    private static final int ROUNDS = 10;

    /** The peak of the device that an engine runs on; takes less than a second. */
    public static PeakFlops of(Engine engine) {
        return PublishedPeak.find(engine.device().name())
                .map(peak -> new PeakFlops(peak.teraflops() * 1e12, true))
                .orElseGet(() -> new PeakFlops(measure(engine), false));
    }

    /** Where the figure comes from. */
    public String source() {
        return published ? "published, BF16 matrix products without sparsity" : "measured at start, " + MEASURED;
    }

    /** What utilisation is called in log lines: the reference's name where it is relative to what the reference takes. */
    String utilisation() {
        return published ? "bf16_mfu" : "mfu_of_measured";
    }

    /** The peak and where it comes from. */
    public String line() {
        return String.format(Locale.ROOT, "%,.1f GFLOP/s (%s)", perSecond / 1e9, source());
    }

    /** Floating-point operations per second, the best of a few products; takes a second or two. */
    public static double measure(Engine engine) {
        int size = engine.device().threads() > 0 ? SIZE : DEVICE_SIZE;
        TensorType type = TensorType.f32(size, size);
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
        return 2.0 * size * size * size / (best / 1e9);
    }
}
