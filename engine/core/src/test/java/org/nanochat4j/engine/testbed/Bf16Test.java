package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.autodiff.Tape;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.reference.ReferenceInterpreter;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Ops over BF16: the CPU's kernels against the naive twins, eager against replay, gradients against those in F32. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Bf16Test {
    private static final int SHAPES = 5;

    /** Results and gradients in BF16 have eight significant bits, and some ops add up a few rounded ones. */
    private static final double GRADIENT_TOLERANCE = 0.02;

    private List<Engine> engines;

    @BeforeAll
    void open() {
        engines = IntStream.rangeClosed(1, 3)
                .mapToObj(threads -> Engine.open("cpu", new BackendOptions(threads)))
                .toList();
    }

    @AfterAll
    void close() {
        engines.forEach(Engine::close);
    }

    @Test
    @DisplayName("every op says which of its operands may be BF16")
    void complete() {
        Set<Class<? extends Op>> known = new HashSet<>(Bf16Samples.OPERANDS.keySet());
        known.addAll(Bf16Samples.NONE);
        assertEquals(OpCatalogue.byOp().keySet(), known);
    }

    @TestFactory
    @DisplayName("kernel = naive twin: each BF16 result is rounded once, from F32")
    Stream<DynamicTest> twins() {
        return Bf16Samples.entries()
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (boolean small : new boolean[] {false, true}) {
                        for (Sample sample : entry.samples(SHAPES, small)) {
                            Twins.compare(
                                    entry.name(), sample, Runs.eager(engines.get(1), sample, Runs.Operands.VARIABLES));
                        }
                    }
                }));
    }

    @TestFactory
    @DisplayName("eager = replayed, bit for bit, with any number of threads")
    Stream<DynamicTest> replay() {
        return Bf16Samples.entries()
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (Sample sample : entry.samples(2, false)) {
                        List<byte[]> expected = Runs.eager(engines.getFirst(), sample, Runs.Operands.VARIABLES);
                        for (Engine engine : engines) {
                            String name = entry.name() + " " + sample + ", threads "
                                    + engine.device().threads();
                            same(expected, Runs.eager(engine, sample, Runs.Operands.TEMPORARIES), name + ", eager");
                            for (Runs.Operands operands : Runs.Operands.values()) {
                                same(expected, Runs.replay(engine, sample, operands), name + ", replay, " + operands);
                            }
                        }
                    }
                }));
    }

    private static void same(List<byte[]> expected, List<byte[]> actual, String name) {
        assertEquals(expected.size(), actual.size(), name);
        for (int result = 0; result < expected.size(); result++) {
            assertArrayEquals(expected.get(result), actual.get(result), name + ", result " + result);
        }
    }

    @TestFactory
    @DisplayName("gradients in BF16 are those in F32 up to rounding, and have the type of what they are gradients of")
    Stream<DynamicTest> gradients() {
        return OpCatalogue.entries().stream()
                .filter(entry -> Bf16Samples.OPERANDS.containsKey(entry.op()))
                .filter(entry ->
                        !entry.samples(1, true).getFirst().differentiable().isEmpty())
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (Sample drawn : entry.samples(SHAPES, true)) {
                        Sample narrow = Bf16Samples.of(entry.op(), drawn);
                        Sample wide = new Sample(
                                IntStream.range(0, drawn.inputs().size())
                                        .mapToObj(i -> new Sample.Input(
                                                drawn.inputs().get(i).type(),
                                                narrow.inputs().get(i).values(),
                                                false))
                                        .toList(),
                                drawn.application(),
                                0,
                                drawn.differentiable());
                        for (int operand : drawn.differentiable()) {
                            close(
                                    entry.name() + " " + narrow + ", operand " + operand,
                                    gradient(wide, operand),
                                    gradient(narrow, operand));
                        }
                    }
                }));
    }

    /** Of the sum of the first result's elements, each times a number that BF16 holds. */
    private static double[] gradient(Sample sample, int operand) {
        ReferenceInterpreter interpreter = new ReferenceInterpreter();
        List<Variable> variables = sample.declare();
        for (int i = 0; i < variables.size(); i++) {
            interpreter.write(variables.get(i), sample.inputs().get(i).values());
        }
        TensorType result = Runs.resultTypes(sample).getFirst();
        Variable weights = new Variable("weights", result, Variable.Role.CONSTANT);
        Random random = new Random(5);
        interpreter.write(
                weights,
                random.ints(result.elements(), -64, 65)
                        .mapToDouble(i -> i / 64.0)
                        .toArray());
        Tape tape = interpreter.tape();
        Tensor loss = sample.apply(interpreter, variables).getFirst().dot(weights.tensor());
        tape.close();
        Variable variable = variables.get(operand);
        Tensor gradient = tape.gradients(loss, List.of(variable)).of(variable);
        assertEquals(variable.type(), gradient.type());
        return interpreter.read(gradient);
    }

    private static void close(String name, double[] expected, double[] actual) {
        double largest = 1;
        for (double value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], GRADIENT_TOLERANCE * largest, name + ", element " + i);
        }
    }

    @Test
    @DisplayName("the conversion rounds to nearest even, at every length, and keeps infinities and NaN")
    void conversion() {
        Engine engine = engines.get(1);
        float[] edges = {
            1.00390625f, // halfway between 1 and the next: to even, which is 1
            1.01171875f, // halfway, to even, which is above
            -1.00390625f,
            1.0039064f,
            Float.MAX_VALUE, // rounds to infinity
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            Float.intBitsToFloat(0x7f800001), // a NaN whose upper half alone would be infinity
            Float.MIN_VALUE,
            -0f
        };
        float[] expected = {
            1f,
            1.015625f,
            -1f,
            1.0078125f,
            Float.POSITIVE_INFINITY,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            Float.NaN,
            0f,
            -0f
        };
        for (int length = 1; length < 70; length++) {
            float[] numbers = new float[length];
            float[] rounded = new float[length];
            for (int i = 0; i < length; i++) {
                numbers[i] = edges[i % edges.length];
                rounded[i] = expected[i % edges.length];
            }
            Variable x = new Variable("x", TensorType.f32(length), Variable.Role.INPUT);
            Variable y = new Variable("y", TensorType.f32(length), Variable.Role.OUTPUT);
            engine.write(x, numbers);
            engine.eager()
                    .apply(
                            new Assign(),
                            List.of(
                                    engine.eager().use(y),
                                    engine.eager().use(x).cast(DType.BF16).cast(DType.F32)));
            assertArrayEquals(rounded, engine.floats(y), "length " + length);
            engine.release(x);
            engine.release(y);
        }
    }
}
