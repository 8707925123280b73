package org.nanochat4j.train.pretrain;

import java.util.List;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;

/** How fast a device copies within its own memory. */
public final class CopyRate {

    /** What is measured. */
    public static final String MEASURED = "copy of 256 MiB within its memory, read and written";

    private static final int ELEMENTS = 64 << 20;

    private static final int ROUNDS = 5;

    private CopyRate() {}

    /** Bytes per second, those read and those written together, the best of a few copies; takes about a second. */
    public static double measure(Engine engine) {
        TensorType type = TensorType.f32(ELEMENTS);
        // roles that stay on the device: an input would come from the host with every run
        var from = new Variable("copy.from", type, Variable.Role.PARAMETER);
        var to = new Variable("copy.to", type, Variable.Role.PARAMETER);
        var in = new Recorder("copy");
        in.assign(to, in.use(from));
        Executable copy = engine.compile(engine.plan(List.of(in.finish()))).getFirst();
        copy.run();
        long best = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            copy.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        List.of(from, to).forEach(engine::release);
        return 2.0 * type.bytes() / (best / 1e9);
    }
}
