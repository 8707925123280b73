package org.nanochat4j.bench;

import java.util.List;
import java.util.random.RandomGenerator;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** A small program compiled for the CPU with random operands, ready to be run again and again. */
final class Replay implements AutoCloseable {
    /** Records what is to be measured. */
    @FunctionalInterface
    interface Body {
        void record(Recorder in);
    }

    private final Engine engine;
    private final Executable executable;
    private final Program program;

    Replay(int threads, Body body) {
        engine = Engine.open("cpu", new BackendOptions(threads));
        Recorder in = new Recorder("benchmark");
        body.record(in);
        program = in.finish();
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        for (Variable variable : program.variables()) {
            switch (variable.type().dtype()) {
                case F32 -> engine.write(variable, floats(random, variable));
                case I32 ->
                    engine.write(
                            variable, new int[Math.toIntExact(variable.type().elements())]);
                case BF16, F16, F64 -> throw new IllegalArgumentException("no operands of " + variable.type());
            }
        }
        executable = engine.compile(engine.plan(List.of(program))).getFirst();
    }

    private static float[] floats(RandomGenerator random, Variable variable) {
        float[] values = new float[Math.toIntExact(variable.type().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    void run() {
        executable.run();
    }

    /** Work of one run on paper. */
    long flops() {
        return program.cost().flops();
    }

    @Override
    public void close() {
        engine.close();
    }
}
