package org.nanochat4j.engine.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.spi.BackendOptions;

/** A run of a program that is looked at number by number: y = relu²(x w) + b, in two rows of three. */
class CheckingReplayTest {
    private final Engine engine = Engine.open("cpu", new BackendOptions(2));
    private final Variable x = new Variable("x", TensorType.f32(2, 4), Variable.Role.INPUT);
    private final Variable w = new Variable("w", TensorType.f32(4, 3), Variable.Role.PARAMETER);
    private final Variable b = new Variable("b", TensorType.f32(2, 3), Variable.Role.PARAMETER);
    private final Variable y = new Variable("y", TensorType.f32(2, 3), Variable.Role.OUTPUT);
    private final Variable sum = new Variable("sum", TensorType.f32(2, 3), Variable.Role.GRADIENT);
    private final Program program;
    private final Executable executable;

    CheckingReplayTest() {
        Recorder in = new Recorder("small");
        // the reshapes there and back are views, which compute nothing
        Tensor hidden = in.use(x).matmul(in.use(w)).reshape(6).reshape(2, 3).reluSquared();
        Tensor result = hidden.add(in.use(b));
        in.accumulate(sum, result);
        in.assign(y, result);
        program = in.finish();
        executable = engine.compile(engine.plan(List.of(program))).getFirst();
        engine.write(x, new float[] {1, 2, 3, 4, -1, -2, -3, -4});
        float[] ones = new float[12];
        Arrays.fill(ones, 1f);
        engine.write(w, ones);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private NonFinite found() {
        return engine.check(program, executable).orElseThrow();
    }

    private String op(NonFinite found) {
        return program.steps().get(found.index()).op().name();
    }

    @Test
    @DisplayName("finite throughout: nothing is found, and the results are those of an ordinary run")
    void finite() {
        executable.run();
        float[] ordinary = engine.floats(y);
        assertArrayEquals(new float[] {100, 100, 100, 0, 0, 0}, ordinary);
        engine.write(y, new float[] {Float.NaN, 0, 0, 0, 0, 0}); // is overwritten before it is read
        assertEquals(Optional.empty(), engine.check(program, executable));
        assertArrayEquals(ordinary, engine.floats(y));
        assertArrayEquals(new float[] {200, 200, 200, 0, 0, 0}, engine.floats(sum));
    }

    @Test
    @DisplayName("an overflow is named by its op, its operands and the first element in row-major order")
    void overflow() {
        float[] weights = new float[12];
        weights[1] = 1e20f; // column 1: 1e20 in row 0, whose square overflows; -1e20 in row 1, which relu drops
        weights[5] = -3e25f;
        weights[2] = 5f;
        engine.write(w, weights);
        engine.write(x, new float[] {-1, 0, 0, 0, 1, 0, 0, 0});
        NonFinite found = found();
        assertEquals("ReluSquared", op(found));
        assertEquals(4, found.element());
        assertEquals(1, found.count());
        assertEquals(Float.POSITIVE_INFINITY, found.number());
        assertFalse(found.wasThere());
        String text = found.describe();
        assertTrue(text.contains("of program small, ReluSquared"), text);
        assertTrue(text.contains("finite, magnitudes up to 1.00e+20"), text);
        assertTrue(text.contains("Infinity at (1, 1), 1 of 6 elements are not finite"), text);
        assertTrue(text.contains("the last parameter used before it is w"), text);
        assertTrue(text.contains("CheckingReplayTest"), text);
    }

    @Test
    @DisplayName("a variable that is not finite to begin with is named before anything runs")
    void variable() {
        engine.write(b, new float[] {0, 0, 0, 0, 0, Float.NaN});
        NonFinite found = found();
        assertTrue(found.wasThere());
        assertEquals("b", found.value().toString());
        assertEquals(5, found.element());
        assertTrue(found.describe().contains("b F32 (2, 3) was not finite before program small began: NaN at (1, 2)"));
        assertTrue(found.describe().contains(", Add"), found.describe());
        assertArrayEquals(new float[6], engine.floats(y));
        assertFalse(engine.isFinite(b));
        assertTrue(engine.isFinite(w));
    }

    @Test
    @DisplayName("what is added to a variable is found where it overflows")
    void accumulated() {
        engine.write(sum, new float[] {0, 0, 3e38f, 0, 0, 0});
        engine.write(b, new float[] {0, 0, 3e38f, 0, 0, 0});
        NonFinite found = found();
        assertEquals("Accumulate", op(found));
        assertEquals("sum", found.value().toString());
        assertEquals(2, found.element());
        assertTrue(found.describe().contains("written sum F32 (2, 3): Infinity at (0, 2)"), found.describe());
    }

    @Test
    @DisplayName("a number too large for BF16 is found where it is rounded")
    void bfloat16() {
        Variable narrow =
                new Variable("narrow", new TensorType(DType.BF16, y.type().shape()), Variable.Role.OUTPUT);
        Recorder in = new Recorder("rounding");
        in.assign(narrow, in.use(b).cast(DType.BF16));
        Program rounding = in.finish();
        Executable compiled = engine.compile(engine.plan(List.of(rounding))).getFirst();
        engine.write(b, new float[] {0, 3e38f, 0, 0, 0, 0});
        assertEquals(Optional.empty(), engine.check(rounding, compiled));
        engine.write(b, new float[] {0, 0, 0, -Float.MAX_VALUE, 0, 0});
        NonFinite found = engine.check(rounding, compiled).orElseThrow();
        assertEquals(0, found.index());
        assertEquals(3, found.element());
        assertEquals(Float.NEGATIVE_INFINITY, found.number());
    }
}
