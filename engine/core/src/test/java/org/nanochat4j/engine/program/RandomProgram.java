package org.nanochat4j.engine.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;

/** Programs of random ops on random earlier values, with views, several results and writes in place. */
public final class RandomProgram {
    private static final int[] EXTENTS = {4, 8, 12, 40};

    private final Random random;
    private final Recorder recorder;
    private final List<Tensor> pool = new ArrayList<>();

    private RandomProgram(long seed) {
        this.random = new Random(seed);
        this.recorder = new Recorder("random " + seed);
        for (int rows : EXTENTS) {
            for (int columns : EXTENTS) {
                pool.add(recorder.use(
                        new Variable("x" + pool.size(), TensorType.f32(rows, columns), Variable.Role.INPUT)));
            }
        }
    }

    /**
     * A random program.
     *
     * @param seed decides everything
     * @param steps about how many ops
     * @return the program, verified
     */
    public static Program of(long seed, int steps) {
        RandomProgram program = new RandomProgram(seed);
        for (int i = 0; i < steps; i++) {
            program.step();
        }
        Variable result = new Variable("result", TensorType.f32(1), Variable.Role.OUTPUT);
        program.recorder.assign(result, program.any().sum());
        return program.recorder.finish();
    }

    /** Recent values more often than old ones, so that many die early. */
    private Tensor any() {
        int back = (int) Math.min(pool.size() - 1, Math.abs(random.nextGaussian()) * 6);
        return pool.get(pool.size() - 1 - back);
    }

    private Tensor like(Tensor tensor) {
        List<Tensor> same = pool.stream()
                .filter(other -> other.shape().equals(tensor.shape()))
                .toList();
        return same.get(random.nextInt(same.size()));
    }

    private void step() {
        Tensor a = any();
        int rows = a.shape().dim(0);
        int columns = a.shape().dim(1);
        Tensor made = switch (random.nextInt(13)) {
            case 0 -> a.add(like(a));
            case 1 -> a.mul(like(a));
            case 2 -> a.scale(0.5f);
            case 3 -> a.reluSquared();
            case 4 -> a.axpby(0.5f, like(a), -1);
            case 5 ->
                columns % 8 == 0 ? a.reshape(rows * 4, columns / 4).scale(1).reshape(rows, columns) : a.sigmoid();
            case 6 -> a.reshape(1, rows, columns).shiftTime(1).reshape(rows, columns);
            case 7 -> a.matmulTransposed(a).rmsNorm(1e-6f);
            case 8 -> a.slice(1, 0, 4).concat(1, like(a)).slice(1, 0, columns);
            case 9 -> attention(a.reshape(1, rows, 2, columns / 2)).reshape(rows, columns);
            case 10 -> a.scaleRows(a.rowDot(like(a)));
            case 11 -> a.mix(a.sum(), like(a), a.sumSquares());
            default -> update(a);
        };
        pool.add(made);
    }

    private static Tensor attention(Tensor x) {
        return x.causalAttention(x, x, 2, 0.5f);
    }

    private Tensor update(Tensor a) {
        Shape shape = a.shape();
        Variable target = new Variable("state", a.type(), Variable.Role.OPTIMIZER);
        recorder.assign(target, a);
        recorder.accumulate(target, like(a));
        return recorder.use(target).reshape(shape);
    }
}
