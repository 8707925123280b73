package org.nanochat4j.train.pretrain;

import java.util.List;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;

/** The rate of large matrix products on this machine, measured: what the utilisation in the log is relative to. */
public final class PeakFlops {

    private static final int SIZE = 768;

    /** The virtual machine needs this long to compile the kernels. */
    private static final long WARM_UP_NANOS = 600_000_000;

    private static final int ROUNDS = 10;

    private PeakFlops() {}

    /** Floating-point operations per second, the best of a few products; takes less than a second. */
    public static double measure(Engine engine) {
        TensorType type = TensorType.f32(SIZE, SIZE);
        var a = new Variable("peak.a", type, Variable.Role.INPUT);
        var b = new Variable("peak.b", type, Variable.Role.INPUT);
        var c = new Variable("peak.c", type, Variable.Role.OUTPUT);
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
        return 2.0 * SIZE * SIZE * SIZE / (best / 1e9);
    }
}
