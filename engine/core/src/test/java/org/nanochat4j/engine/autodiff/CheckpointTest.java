package org.nanochat4j.engine.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Four residual blocks, with and without keeping what is inside them. */
class CheckpointTest {
    private static final int ROWS = 96;
    private static final int WIDTH = 32;
    private static final int BLOCKS = 4;

    private final Variable x = new Variable("x", TensorType.f32(ROWS, WIDTH), Variable.Role.INPUT);
    private final List<Variable> parameters = new ArrayList<>();

    CheckpointTest() {
        for (int block = 0; block < BLOCKS; block++) {
            parameters.add(new Variable("in" + block, TensorType.f32(WIDTH, 4 * WIDTH), Variable.Role.PARAMETER));
            parameters.add(new Variable("out" + block, TensorType.f32(4 * WIDTH, WIDTH), Variable.Role.PARAMETER));
        }
    }

    private Gradients gradients(Interpreter interpreter, boolean checkpointed) {
        Tape tape = interpreter.tape();
        Tensor h = interpreter.use(x);
        for (int block = 0; block < BLOCKS; block++) {
            List<Variable> weights = parameters.subList(2 * block, 2 * block + 2);
            Function<List<Tensor>, Tensor> body = in -> {
                Tensor inner =
                        in.getFirst().rmsNorm(1e-6f).matmul(weights.get(0).tensor());
                return in.getFirst()
                        .add(inner.reluSquared().matmul(weights.get(1).tensor()));
            };
            h = checkpointed ? Checkpoint.block(tape, List.of(h), weights, body) : body.apply(List.of(h));
        }
        Tensor loss = h.sumSquares();
        tape.close();
        return tape.gradients(loss, parameters, 0.01f);
    }

    private Program record(boolean checkpointed) {
        Recorder recorder = new Recorder(checkpointed ? "checkpointed" : "kept");
        Gradients gradients = gradients(recorder, checkpointed);
        for (Variable parameter : parameters) {
            recorder.accumulate(
                    new Variable("grad." + parameter.name(), parameter.type(), Variable.Role.GRADIENT),
                    gradients.of(parameter));
        }
        return recorder.finish();
    }

    @Test
    @DisplayName("a checkpointed program computes more and needs less memory")
    void memory() {
        Program kept = record(false);
        Program checkpointed = record(true);
        long keptBytes = MemoryPlan.of(List.of(kept), step -> 0).arenaBytes();
        long checkpointedBytes = MemoryPlan.of(List.of(checkpointed), step -> 0).arenaBytes();
        assertTrue(
                checkpointedBytes < 0.7 * keptBytes, checkpointedBytes + " bytes checkpointed, " + keptBytes + " kept");
        assertTrue(checkpointed.cost().flops() > kept.cost().flops());
        assertTrue(checkpointed.cost().flops() < 1.5 * kept.cost().flops());
    }

    @Test
    @DisplayName("checkpointed gradients are the same bits")
    void sameBits() {
        try (Engine engine = Engine.open("cpu", new BackendOptions(2))) {
            Random random = new Random(3);
            fill(engine, x, random);
            parameters.forEach(parameter -> fill(engine, parameter, random));
            Gradients kept = gradients(engine.eager(), false);
            Gradients checkpointed = gradients(engine.eager(), true);
            for (Variable parameter : parameters) {
                assertArrayEquals(
                        engine.floats(kept.of(parameter)), engine.floats(checkpointed.of(parameter)), parameter.name());
            }
        }
    }

    private static void fill(Engine engine, Variable variable, Random random) {
        float[] values = new float[Math.toIntExact(variable.type().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.2 * random.nextGaussian());
        }
        engine.write(variable, values);
    }
}
