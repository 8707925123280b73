package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;

/** Training steps of a whole network as task graphs, replayed: what they ask of the device, and that nothing is left behind. */
class TornadoReplayTest {
    private static final int STEPS = 10;

    private static Program program(TinyTransformer network) {
        Recorder recorder = new Recorder("step");
        network.step(recorder);
        return recorder.finish();
    }

    static void write(Engine engine, TinyTransformer network) {
        network.initialValues().forEach((variable, values) -> {
            switch (values) {
                case float[] numbers -> engine.write(variable, numbers);
                case int[] numbers -> engine.write(variable, numbers);
                default -> throw new IllegalStateException(variable.name());
            }
        });
    }

    static Executable compile(Engine engine, TinyTransformer network) {
        return engine.compile(engine.plan(List.of(program(network)))).getFirst();
    }

    @Test
    @DisplayName("two steps in BF16 op by op and two replayed ones give the same bits")
    void eagerIsReplayed() {
        try (Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            TinyTransformer network = new TinyTransformer(DType.BF16);
            List<float[]> expected = new ArrayList<>();
            write(engine, network);
            network.step(engine.eager());
            network.step(engine.eager());
            network.changed().forEach(variable -> expected.add(engine.floats(variable)));
            network.changed().forEach(variable -> clear(engine, variable));
            write(engine, network);
            Executable step = compile(engine, network);
            step.run();
            step.run();
            for (int i = 0; i < expected.size(); i++) {
                Variable variable = network.changed().get(i);
                assertArrayEquals(expected.get(i), engine.floats(variable), variable.name());
            }
        }
    }

    private static void clear(Engine engine, Variable variable) {
        engine.write(variable, new float[Math.toIntExact(variable.type().elements())]);
    }

    @Test
    @DisplayName("ten replayed steps compile nothing and upload nothing but the inputs")
    void asksForNothing() {
        try (Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            TinyTransformer network = new TinyTransformer();
            write(engine, network);
            Executable step = compile(engine, network);
            step.run();
            TestBackend.Asked before = TestBackend.asked();
            for (int i = 0; i < STEPS; i++) {
                step.run();
            }
            TestBackend.Asked asked = TestBackend.asked().minus(before);
            assertEquals(0, asked.compiledTasks(), "kernels compiled");
            assertEquals(0, asked.uploads(), "variables uploaded");
            assertEquals(0, asked.downloads(), "variables downloaded");
            assertTrue(asked.streamedElements() <= STEPS * 1000L, "inputs streamed: " + asked.streamedElements());
            engine.floats(network.loss);
            assertEquals(1, TestBackend.asked().minus(before).downloads(), "a read is one download");
        }
    }

    @Test
    @DisplayName(
            "a variable that the host writes between runs arrives, once, and its neighbours keep what programs wrote")
    void partialWrites() {
        try (Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            TinyTransformer network = new TinyTransformer();
            write(engine, network);
            Executable step = compile(engine, network);
            step.run();
            Variable weight = network.parameters.all().getFirst().value();
            Variable other = network.parameters.all().get(1).value();
            float[] kept = engine.floats(other);
            float[] values = engine.floats(weight);
            values[3] = 42;
            engine.write(weight, 12, MemorySegment.ofArray(new float[] {42}));
            assertEquals(42, engine.floats(weight)[3]);
            assertArrayEquals(values, engine.floats(weight));
            TestBackend.Asked before = TestBackend.asked();
            step.run();
            step.run();
            assertEquals(1, TestBackend.asked().minus(before).uploads());
            assertTrue(engine.floats(weight)[3] > 40, "the program started from the written value");
            assertEquals(kept.length, engine.floats(other).length);
        }
    }

    @Test
    @DisplayName("watched step by step, a program shows every step that computes and gives the same results")
    void watched() {
        try (Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            TinyTransformer network = new TinyTransformer();
            write(engine, network);
            Program program = program(network);
            Executable step = engine.compile(engine.plan(List.of(program))).getFirst();
            step.run();
            List<float[]> expected = new ArrayList<>();
            network.changed().forEach(variable -> expected.add(engine.floats(variable)));
            network.changed().forEach(variable -> clear(engine, variable));
            write(engine, network);
            List<Integer> seen = new ArrayList<>();
            step.run((index, current, values) -> {
                seen.add(index);
                if (!current.outputs().isEmpty()) {
                    byte[] bytes = new byte[4];
                    values.read(current.outputs().getFirst(), 0, MemorySegment.ofArray(bytes));
                }
                return true;
            });
            long computing = program.steps().stream()
                    .filter(current -> !current.op().isView())
                    .count();
            assertEquals(computing, seen.size());
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(
                        expected.get(i), engine.floats(network.changed().get(i)));
            }
        }
    }
}
