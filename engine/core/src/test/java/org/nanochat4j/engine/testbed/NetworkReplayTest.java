package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.reference.ReferenceInterpreter;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Three training steps of a whole network: eager, replayed, on one thread to three, and on the reference. */
class NetworkReplayTest {
    private static final int STEPS = 3;

    /** How a step is made on an engine. */
    private interface Mode {
        Runnable prepare(Engine engine, TinyTransformer network);
    }

    private static Runnable eager(Engine engine, TinyTransformer network) {
        return () -> network.step(engine.eager());
    }

    private static Runnable replayed(Engine engine, TinyTransformer network) {
        Recorder recorder = new Recorder("step");
        network.step(recorder);
        Executable executable =
                engine.compile(engine.plan(List.of(recorder.finish()))).getFirst();
        return executable::run;
    }

    /** Every changed variable after every step. */
    private static List<float[]> train(int threads, Mode mode) {
        try (Engine engine = Engine.open("cpu", new BackendOptions(threads))) {
            TinyTransformer network = new TinyTransformer();
            write(network, (variable, values) -> engine.write(variable, values), engine::write);
            Runnable step = mode.prepare(engine, network);
            List<float[]> history = new ArrayList<>();
            for (int i = 0; i < STEPS; i++) {
                step.run();
                network.changed().forEach(variable -> history.add(engine.floats(variable)));
            }
            return history;
        }
    }

    private interface WriteInts {
        void write(Variable variable, int[] values);
    }

    private interface WriteFloats {
        void write(Variable variable, float[] values);
    }

    private static void write(TinyTransformer network, WriteFloats floats, WriteInts ints) {
        network.initialValues().forEach((variable, values) -> {
            switch (values) {
                case float[] numbers -> floats.write(variable, numbers);
                case int[] numbers -> ints.write(variable, numbers);
                default -> throw new IllegalStateException(variable.name());
            }
        });
    }

    private static void sameBits(List<float[]> expected, List<float[]> actual, String name) {
        List<Variable> changed = new TinyTransformer().changed();
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            Variable variable = changed.get(i % changed.size());
            assertArrayEquals(
                    expected.get(i), actual.get(i), name + ", step " + i / changed.size() + ", " + variable.name());
        }
    }

    @Test
    @DisplayName("weights, gradients and optimizer state are the same bits, however they are computed")
    void sameBits() {
        List<float[]> expected = train(1, NetworkReplayTest::eager);
        for (int threads = 1; threads <= 3; threads++) {
            sameBits(expected, train(threads, NetworkReplayTest::eager), "eager, threads " + threads);
            sameBits(expected, train(threads, NetworkReplayTest::replayed), "replayed, threads " + threads);
        }
    }

    @Test
    @DisplayName("three steps stay near those of the reference, and the loss falls")
    void nearReference() {
        List<float[]> actual = train(2, NetworkReplayTest::replayed);
        TinyTransformer network = new TinyTransformer();
        ReferenceInterpreter reference = new ReferenceInterpreter();
        write(network, reference::write, reference::write);
        List<Double> losses = new ArrayList<>();
        int next = 0;
        for (int step = 0; step < STEPS; step++) {
            network.step(reference);
            for (Variable variable : network.changed()) {
                double[] expected = reference.read(variable);
                float[] values = actual.get(next++);
                // The first step of Adam is the sign of the gradient: where that is near zero the two may differ
                // freely.
                double bound = step == 0 && !isAdam(variable) ? 2e-5 : 2e-3;
                for (int i = 0; i < expected.length; i++) {
                    assertEquals(expected[i], values[i], bound, variable.name() + " " + i + ", step " + step);
                }
            }
            losses.add(reference.read(network.loss)[0]);
        }
        assertTrue(losses.get(2) < losses.get(1) && losses.get(1) < losses.get(0), losses.toString());
    }

    private static boolean isAdam(Variable variable) {
        return List.of("embedding", "head", "lambda").contains(variable.name());
    }

    @Test
    @DisplayName("running a program again starts from the variables, not from what an earlier run left in temporaries")
    void rerun() {
        try (Engine engine = Engine.open("cpu", new BackendOptions(2))) {
            TinyTransformer network = new TinyTransformer();
            Runnable step = replayed(engine, network);
            List<float[]> first = new ArrayList<>();
            for (Consumer<float[]> keep :
                    List.<Consumer<float[]>>of(first::add, again -> assertArrayEquals(first.getFirst(), again))) {
                network.changed()
                        .forEach(variable -> engine.write(
                                variable,
                                new float[Math.toIntExact(variable.type().elements())]));
                write(network, (variable, values) -> engine.write(variable, values), engine::write);
                step.run();
                keep.accept(engine.floats(network.changed().getFirst()));
            }
        }
    }
}
