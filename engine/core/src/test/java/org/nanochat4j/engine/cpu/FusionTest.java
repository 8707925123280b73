package org.nanochat4j.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.cpu.kernels.Memory;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.program.Value;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.runtime.NonFinite;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.Progress;

/** Programs with fused kernels and without: the same bits, and fused exactly where that is safe. */
class FusionTest {
    private static final Map<String, String> NONE = Map.of();
    private static final String ONCE = "one kernel, 1 x";

    /** A product (m, n) of a (m, k) and b (k, n), as they are or stored transposed, with x, y, z (m, n) and s (k). */
    private static final class Small {
        final MatMul op;
        final Variable a;
        final Variable b;
        final Variable x;
        final Variable y;
        final Variable z;
        final Recorder in = new Recorder("small");

        Small(int m, int n, int k, boolean transposeA, boolean transposeB) {
            op = new MatMul(transposeA, transposeB);
            a = variable("a", transposeA ? k : m, transposeA ? m : k);
            b = variable("b", transposeB ? n : k, transposeB ? k : n);
            x = variable("x", m, n);
            y = variable("y", m, n);
            z = variable("z", m, n);
        }

        private static Variable variable(String name, int... dims) {
            return new Variable(name, TensorType.f32(dims), Variable.Role.PARAMETER);
        }

        Tensor product() {
            return product(in.use(a));
        }

        Tensor product(Tensor a) {
            return in.apply(op, List.of(a, in.use(b))).getFirst();
        }

        /** What is in all variables after two runs, and what was fused. */
        Result run(int threads, boolean fusion) {
            try (Engine engine = Engine.open("cpu", new BackendOptions(threads, true, true, fusion, Progress.NONE))) {
                Random random = new Random(7);
                List<Variable> variables = List.of(a, b, x, y, z);
                for (Variable variable : variables) {
                    float[] values = new float[Math.toIntExact(variable.type().elements())];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) random.nextGaussian();
                    }
                    engine.write(variable, values);
                }
                Executable executable =
                        engine.compile(engine.plan(List.of(in.finish()))).getFirst();
                executable.run();
                executable.run();
                return new Result(
                        variables.stream()
                                .map(variable -> bits(engine.floats(variable)))
                                .toList(),
                        engine.kernels());
            }
        }

        void check(Map<String, String> expected) {
            Result apart = run(1, false);
            assertEquals(NONE, apart.fused, "switched off");
            for (int threads : new int[] {1, 3}) {
                Result result = run(threads, true);
                assertEquals(expected, result.fused, in.finish().toString());
                for (int i = 0; i < apart.values.size(); i++) {
                    assertArrayEquals(apart.values.get(i), result.values.get(i), "variable " + i + " " + x.type());
                }
            }
        }

        private static int[] bits(float[] values) {
            int[] bits = new int[values.length];
            for (int i = 0; i < values.length; i++) {
                bits[i] = Float.floatToRawIntBits(values[i]);
            }
            return bits;
        }
    }

    private record Result(List<int[]> values, Map<String, String> fused) {}

    /** What comes after a product, and what is fused then. */
    private enum Follower {
        RELU_SQUARED(Peephole.RELU_SQUARED),
        RELU_SQUARED_IN_PLACE(Peephole.RELU_SQUARED),
        RELU_SQUARED_OF_A_VIEW(Peephole.RELU_SQUARED),
        GRADIENT(Peephole.RELU_SQUARED_GRADIENT),
        RESIDUAL(Peephole.SUM),
        RESIDUAL_IN_PLACE(Peephole.SUM),
        RESIDUAL_SECOND(Peephole.SUM),
        TWICE(Peephole.SUM),
        SUM_AFTER_ANOTHER_STEP(Peephole.SUM),
        ACCUMULATION(Peephole.ACCUMULATION),
        ASSIGNMENT(Peephole.ASSIGNMENT);

        private final Peephole peephole;

        Follower(Peephole peephole) {
            this.peephole = peephole;
        }

        void record(Small small) {
            Recorder in = small.in;
            Tensor x = in.use(small.x);
            switch (this) {
                case RELU_SQUARED -> {
                    Tensor h = small.product();
                    in.assign(small.y, h.reluSquared());
                    in.assign(small.z, h);
                }
                case RELU_SQUARED_IN_PLACE -> in.assign(small.y, small.product().reluSquared());
                case RELU_SQUARED_OF_A_VIEW -> {
                    int n = small.x.type().shape().last();
                    int m = small.x.type().shape().rows();
                    in.assign(
                            small.y,
                            small.product().reshape(1, m, n).reluSquared().reshape(m, n));
                }
                case GRADIENT ->
                    in.assign(
                            small.y,
                            in.apply(new ReluSquaredGrad(), List.of(x, small.product()))
                                    .getFirst());
                case RESIDUAL -> in.assign(small.y, x.add(small.product()));
                case RESIDUAL_IN_PLACE -> in.assign(small.y, x.scale(0.5f).add(small.product()));
                case RESIDUAL_SECOND -> in.assign(small.y, small.product().add(x));
                case TWICE -> {
                    Tensor c = small.product();
                    in.assign(small.y, c.add(c));
                }
                case SUM_AFTER_ANOTHER_STEP -> {
                    Tensor c = small.product();
                    Tensor other = x.sigmoid();
                    in.assign(small.y, x.add(c));
                    in.assign(small.z, other);
                }
                case ACCUMULATION -> in.accumulate(small.x, small.product());
                case ASSIGNMENT -> in.assign(small.y, small.product());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("the same bits as apart, with edges, several tiles, several blocks of k, and 1 and 3 threads")
    void sameBits(Follower follower) {
        Random random = new Random(follower.ordinal());
        int[][] shapes = {
            {9, 1, 1}, {391, 8, 500}, {800, 3, 385}, {100, 33, 769}, {20, 2112 / Memory.LANES, 64}, {13, 5, 40}
        };
        for (int[] shape : shapes) {
            for (int variant = 0; variant < 2; variant++) {
                Small small = new Small(
                        shape[0], shape[1] * Memory.LANES, shape[2], random.nextBoolean(), random.nextBoolean());
                follower.record(small);
                small.check(Map.of(follower.peephole.ops(), ONCE));
            }
        }
    }

    @Test
    @DisplayName("a stack of matrices")
    void batched() {
        Variable a = Small.variable("a", 5, 70, 33);
        Variable b = Small.variable("b", 5, 4 * Memory.LANES, 33);
        Variable y = Small.variable("y", 5, 70, 4 * Memory.LANES);
        List<float[]> results = new ArrayList<>();
        for (boolean fusion : new boolean[] {false, true}) {
            try (Engine engine = Engine.open("cpu", new BackendOptions(3, true, true, fusion, Progress.NONE))) {
                float[] values = new float[5 * 70 * 33];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) Math.sin(i);
                }
                engine.write(a, values);
                engine.write(b, java.util.Arrays.copyOf(values, 5 * 4 * Memory.LANES * 33));
                Recorder in = new Recorder("stack");
                in.assign(
                        y,
                        in.apply(new MatMul(false, true), List.of(in.use(a), in.use(b)))
                                .getFirst()
                                .reluSquared());
                engine.compile(engine.plan(List.of(in.finish()))).getFirst().run();
                assertEquals(fusion ? Map.of(Peephole.RELU_SQUARED.ops(), ONCE) : NONE, engine.kernels());
                results.add(engine.floats(y));
            }
        }
        assertArrayEquals(results.getFirst(), results.getLast());
    }

    @Test
    @DisplayName("a result that lies where an operand of the product lay is not written before the product is complete")
    void resultOverOperand() {
        int size = 8 * Memory.LANES;
        Small small = new Small(size, size, size, false, false);
        Tensor operand = small.in.use(small.y).scale(0.1f);
        small.in.assign(small.z, small.in.use(small.x).add(small.product(operand)));
        Program program = small.in.finish();
        MemoryPlan.Layout layout =
                MemoryPlan.of(List.of(program), step -> 0).layouts().getFirst();
        Value first = program.steps().get(0).outputs().getFirst();
        Value sum = program.steps().get(2).outputs().getFirst();
        assertEquals(layout.offset(first), layout.offset(sum), "the case that this test is about");
        small.check(NONE);
    }

    @Test
    @DisplayName("an operand that is accumulated into is not changed while the product reads it")
    void accumulationIntoOperand() {
        int size = 6 * Memory.LANES;
        Small small = new Small(size, size, size, true, false);
        small.in.accumulate(small.a, small.product());
        small.check(NONE);
    }

    @Test
    @DisplayName("what is read later is not yet there: an operand that a step in between writes")
    void operandWrittenBetween() {
        Small small = new Small(20, 2 * Memory.LANES, 30, false, false);
        Tensor c = small.product();
        small.in.accumulate(small.x, small.in.use(small.y));
        small.in.assign(small.z, small.in.use(small.x).add(c));
        small.check(NONE);
    }

    @Test
    @DisplayName("what a step in between reads is not overwritten")
    void targetReadBetween() {
        Small small = new Small(20, 2 * Memory.LANES, 30, false, false);
        Tensor c = small.product();
        small.in.assign(small.z, small.in.use(small.x).sigmoid());
        small.in.accumulate(small.x, c);
        small.check(NONE);
    }

    @Test
    @DisplayName("a result that another step reads first is left alone, and so is one that nobody reads")
    void otherReaders() {
        Small small = new Small(20, 2 * Memory.LANES, 30, false, false);
        Tensor c = small.product();
        small.in.assign(small.z, c.sigmoid());
        small.in.assign(small.y, c.reluSquared());
        small.product();
        small.check(NONE);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    @DisplayName("rows that are no whole vectors, and few rows as in decoding, are left alone")
    void otherKernels(int rows) {
        Small narrow = new Small(20 * rows, Memory.LANES + rows, 30, false, false);
        narrow.in.assign(narrow.y, narrow.product().reluSquared());
        narrow.check(NONE);
        Small few = new Small(rows, 2 * Memory.LANES, 30, false, true);
        few.in.assign(few.y, few.product().reluSquared());
        few.check(NONE);
    }

    @Test
    @DisplayName("both results of two products in a chain; a search for infinities sees each step by itself")
    void chainAndSearch() {
        Small small = new Small(20, 2 * Memory.LANES, 2 * Memory.LANES, false, false);
        Tensor h = small.product().reluSquared();
        small.in.accumulate(small.y, small.product(h));
        small.check(Map.of(Peephole.RELU_SQUARED.ops(), ONCE, Peephole.ACCUMULATION.ops(), ONCE));
        try (Engine engine = Engine.open("cpu", new BackendOptions(2, true, true, true, Progress.NONE))) {
            Program program = small.in.finish();
            Executable executable =
                    engine.compile(engine.plan(List.of(program))).getFirst();
            float[] large = new float[20 * 2 * Memory.LANES];
            large[5] = -1e30f;
            float[] square = new float[4 * Memory.LANES * Memory.LANES];
            java.util.Arrays.fill(square, 1e30f);
            engine.write(small.a, large);
            engine.write(small.b, square);
            executable.run(); // relu² makes a zero of minus infinity, in the very place of the product
            assertEquals(0f, engine.floats(small.y)[0]);
            NonFinite found = engine.check(program, executable).orElseThrow();
            assertInstanceOf(MatMul.class, program.steps().get(found.index()).op());
            assertEquals(0, found.index());
        }
    }
}
