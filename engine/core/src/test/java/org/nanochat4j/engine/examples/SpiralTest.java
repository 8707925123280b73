package org.nanochat4j.engine.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.autodiff.Gradients;
import org.nanochat4j.engine.autodiff.Tape;
import org.nanochat4j.engine.nn.Init;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.nn.ParameterStore;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Backward;
import org.nanochat4j.engine.op.CustomBuffer;
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.op.Operands;
import org.nanochat4j.engine.optim.AdamW;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;

/** A researcher's page: a small MLP with an activation of one's own tells two spirals apart. */
class SpiralTest {
    /** {@code x sigmoid(x)}, an op of our own. */
    record Silu() implements CustomOp {
        @Override
        public List<TensorType> infer(Operands in) {
            in.count(1).f32(0);
            return List.of(in.type(0));
        }

        @Override
        public void compute(List<CustomBuffer> inputs, List<CustomBuffer> outputs) {
            CustomBuffer x = inputs.getFirst();
            for (long i = 0; i < x.type().elements(); i++) {
                outputs.getFirst().set(i, x.get(i) / (1 + Math.exp(-x.get(i))));
            }
        }

        @Override
        public List<@Nullable Tensor> vjp(Backward b) {
            Tensor s = b.input(0).sigmoid(); // d/dx x s = s + (x s) (1 - s) = s + y - y s
            Tensor slope = s.add(b.output(0)).sub(b.output(0).mul(s));
            return Arrays.asList(b.gradient().mul(slope));
        }
    }

    private static final int POINTS = 256;
    private static final int STEPS = 300;

    private final ParameterStore parameters = new ParameterStore();
    private final Parameter w1 = parameters.declare("w1", new Init.Normal(1.5f), 2, 64);
    private final Parameter b1 = parameters.declare("b1", new Init.Normal(1), 64);
    private final Parameter w2 = parameters.declare("w2", new Init.Normal(0.2f), 64, 64);
    private final Parameter w3 = parameters.declare("w3", new Init.Normal(0.1f), 2, 64);
    private final AdamW adam = AdamW.of("adam", parameters.all(), 0.01, new AdamWStep(0.9f, 0.99f, 1e-8f, 0));
    private final Variable points = new Variable("points", TensorType.f32(POINTS, 2), Variable.Role.INPUT);
    private final Variable labels = new Variable("labels", TensorType.i32(POINTS), Variable.Role.INPUT);
    private final Variable loss = new Variable("loss", TensorType.f32(1), Variable.Role.OUTPUT);

    private Tensor hidden(Interpreter interpreter) {
        Tensor h = interpreter.use(points).matmul(w1.tensor()).add(b1.tensor());
        h = h.apply(new Silu(), h).matmul(w2.tensor());
        return h.apply(new Silu(), h); // (points, 64)
    }

    private void step(Interpreter interpreter) {
        Tape tape = interpreter.tape();
        Tensor mean = hidden(interpreter)
                .softcapCrossEntropy(w3.tensor(), labels.tensor(), Float.POSITIVE_INFINITY, 2)
                .mean();
        tape.close();
        Gradients gradients = tape.gradients(
                mean, parameters.all().stream().map(Parameter::value).toList());
        interpreter.apply(new Assign(), List.of(interpreter.use(loss), mean));
        for (Parameter p : parameters.all()) {
            interpreter.apply(new Assign(), List.of(interpreter.use(p.gradient()), gradients.of(p.value())));
        }
        adam.update(interpreter);
    }

    private void initialise(Engine engine) {
        parameters.initialise(1, engine::write);
        Random random = new Random(1);
        float[] xy = new float[2 * POINTS];
        int[] arm = new int[POINTS];
        for (int i = 0; i < POINTS; i++) {
            arm[i] = i % 2;
            double radius = 0.1 + 0.9 * i / POINTS;
            double angle = 9 * radius + Math.PI * arm[i] + 0.05 * random.nextGaussian();
            xy[2 * i] = (float) (radius * Math.cos(angle));
            xy[2 * i + 1] = (float) (radius * Math.sin(angle));
        }
        engine.write(points, xy);
        engine.write(labels, arm);
    }

    private float[] train(Engine engine, Runnable step) {
        initialise(engine);
        float[] losses = new float[STEPS];
        for (int i = 0; i < STEPS; i++) {
            engine.write(adam.hyper(), adam.hyperValues(0.01, i + 1));
            step.run();
            losses[i] = engine.item(loss.tensor());
        }
        return losses;
    }

    @Test
    @DisplayName("the spirals are learned, eagerly and by replaying a recorded step, with the same losses")
    void spiral() {
        float[] eager;
        try (Engine engine = Engine.open()) {
            eager = train(engine, () -> step(engine.eager()));
            Tensor logits = hidden(engine.eager()).logits(w3.tensor(), Float.POSITIVE_INFINITY, 2);
            assertArrayEquals(engine.ints(labels), engine.ints(logits.argMax()));
        }
        assertTrue(eager[0] > 0.6 && eager[STEPS - 1] < 0.05, eager[0] + " to " + eager[STEPS - 1]);
        try (Engine engine = Engine.open()) {
            Recorder recorder = new Recorder("step");
            step(recorder);
            Executable program =
                    engine.compile(engine.plan(List.of(recorder.finish()))).getFirst();
            assertArrayEquals(eager, train(engine, program::run));
        }
    }
}
