package org.nanochat4j.bench;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Cost;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;

/** A compiled kernel with random operands, ready to be run again and again. */
final class Replay implements AutoCloseable {
    private final Engine engine;
    private final Executable executable;
    private final Program program;

    Replay(KernelCase kernel, Target target) {
        engine = target.engine();
        Recorder in = new Recorder("benchmark");
        List<Tensor> operands = new ArrayList<>();
        for (TensorType type : kernel.operands()) {
            // a role that stays on a device: an input would come from the host with every run
            operands.add(in.use(new Variable("operand " + operands.size(), type, Variable.Role.PARAMETER)));
        }
        in.apply(kernel.op(), operands);
        program = in.finish();
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        for (Variable variable : program.variables()) {
            switch (variable.type().dtype()) {
                case F32 -> engine.write(variable, floats(random, variable));
                case I32 ->
                    engine.write(
                            variable,
                            random.ints(variable.type().elements(), 0, kernel.ids())
                                    .toArray());
                case BF16 -> engine.write(variable, 0, MemorySegment.ofArray(halves(floats(random, variable))));
                case F16, I8, F64 -> throw new IllegalArgumentException("no operands of " + variable.type());
            }
        }
        executable = engine.compile(engine.plan(List.of(program))).getFirst();
    }

    private static float[] floats(RandomGenerator random, Variable variable) {
        float[] values = new float[Math.toIntExact(variable.type().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }

    private static short[] halves(float[] values) {
        short[] halves = new short[values.length];
        for (int i = 0; i < halves.length; i++) {
            halves[i] = Bf16.bits(values[i]);
        }
        return halves;
    }

    void run() {
        executable.run();
    }

    /** Work and traffic of one run on paper. */
    Cost cost() {
        return program.cost();
    }

    /** By op, what its kernel is. */
    Map<String, String> kernels() {
        return engine.kernels();
    }

    @Override
    public void close() {
        engine.close();
    }
}
