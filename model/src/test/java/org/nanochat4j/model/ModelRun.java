package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.autodiff.Gradients;
import org.nanochat4j.engine.autodiff.Tape;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;

/** Everything a training step computes before the optimizer, computed op by op or by recorded programs. */
record ModelRun(float mean, float[] rows, float[] logits, Map<String, float[]> gradients) {
    static ModelRun eager(Engine engine, Gpt gpt, int[] ids, int[] targets, int batch) {
        Interpreter in = engine.eager();
        Tensor input = engine.tensor(ids, batch, ids.length / batch);
        Tape tape = in.tape();
        Tensor.Loss loss = gpt.loss(in, input, engine.tensor(targets, targets.length));
        tape.close();
        List<Parameter> parameters = gpt.parameters().store().all();
        Gradients gradients = tape.gradients(
                loss.mean(), parameters.stream().map(Parameter::value).toList());
        Map<String, float[]> byName = new LinkedHashMap<>();
        parameters.forEach(p -> byName.put(p.name(), floats(engine, gradients.of(p.value()))));
        return new ModelRun(
                engine.item(loss.mean()), engine.floats(loss.rows()), engine.floats(gpt.logits(in, input)), byName);
    }

    static ModelRun replayed(Engine engine, Gpt gpt, int[] ids, int[] targets, int batch) {
        TrainingPrograms programs = TrainingPrograms.record(gpt, List.of(), batch, ids.length / batch, 1);
        Variable logits =
                new Variable("logits", TensorType.f32(ids.length, gpt.config().vocabularySize()), Variable.Role.OUTPUT);
        Recorder in = new Recorder("logits");
        in.assign(logits, gpt.logits(in, in.use(programs.ids())));
        List<Program> all = List.of(programs.micro(), programs.evaluate(), in.finish());
        List<Executable> executables = engine.compile(engine.plan(all));
        engine.write(programs.ids(), ids);
        engine.write(programs.targets(), targets);
        executables.forEach(Executable::run);
        Map<String, float[]> byName = new LinkedHashMap<>();
        gpt.parameters()
                .store()
                .all()
                .forEach(p -> byName.put(p.name(), floats(engine, engine.eager().use(p.gradient()))));
        return new ModelRun(
                engine.floats(programs.loss())[0], engine.floats(programs.rowLosses()), engine.floats(logits), byName);
    }

    private static float[] floats(Engine engine, Tensor tensor) {
        return engine.floats(tensor.cast(DType.F32));
    }

    /** The same bits in everything. */
    void assertSame(ModelRun other) {
        assertEquals(Float.floatToRawIntBits(mean), Float.floatToRawIntBits(other.mean), "mean loss");
        assertArrayEquals(bits(rows), bits(other.rows), "losses");
        assertArrayEquals(bits(logits), bits(other.logits), "logits");
        gradients.forEach((name, gradient) ->
                assertArrayEquals(bits(gradient), bits(other.gradients.getOrDefault(name, new float[0])), name));
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    /** Largest difference at most the tolerance; says where it is. */
    static void assertClose(float[] expected, float[] actual, double tolerance, String what) {
        assertEquals(expected.length, actual.length, what);
        int worst = 0;
        double most = -1;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - actual[i]);
            if (!(difference <= most)) {
                most = difference;
                worst = i;
            }
        }
        assertTrue(
                expected.length == 0 || most <= tolerance,
                what + ": " + actual[worst] + " instead of " + expected[worst] + " at " + worst + ", off by " + most
                        + ", allowed " + tolerance);
    }
}
