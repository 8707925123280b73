package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.autodiff.Gradients;
import org.nanochat4j.engine.autodiff.Tape;
import org.nanochat4j.engine.op.Backward;
import org.nanochat4j.engine.op.Fill;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.reference.ReferenceInterpreter;

/** Gradient rules against central differences, both in double precision on the reference. */
class GradientTest {
    private static final int SHAPES = 6;
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-6;

    /** A scalar function of a sample's operands: its first result, weighted by random numbers and added up. */
    private static final class Loss {
        private final Sample sample;
        private final List<Variable> variables;
        private final Variable weights;
        private final ReferenceInterpreter interpreter = new ReferenceInterpreter();

        Loss(Sample sample) {
            this.sample = sample;
            this.variables = sample.declare();
            TensorType result = Runs.resultTypes(sample).getFirst();
            this.weights = new Variable("weights", result, Variable.Role.CONSTANT);
            Random random = new Random(5);
            interpreter.write(weights, random.doubles(result.elements(), -1, 1).toArray());
            for (int i = 0; i < variables.size(); i++) {
                interpreter.write(variables.get(i), sample.inputs().get(i).values());
            }
        }

        Tensor compute() {
            return sample.apply(interpreter, variables).getFirst().dot(weights.tensor());
        }

        double[] gradient(int operand) {
            Tape tape = interpreter.tape();
            Tensor loss = compute();
            tape.close();
            Variable variable = variables.get(operand);
            Gradients gradients = tape.gradients(loss, List.of(variable));
            assertEquals(variable.type(), gradients.of(variable).type());
            return interpreter.read(gradients.of(variable));
        }

        double centralDifference(int operand, int element) {
            return (shifted(operand, element, STEP) - shifted(operand, element, -STEP)) / (2 * STEP);
        }

        private double shifted(int operand, int element, double by) {
            double[] values = sample.inputs().get(operand).values().clone();
            values[element] += by;
            interpreter.write(variables.get(operand), values);
            double loss = interpreter.read(compute())[0];
            interpreter.write(
                    variables.get(operand), sample.inputs().get(operand).values());
            return loss;
        }
    }

    @TestFactory
    @DisplayName("gradient rule = central differences, for every operand")
    Stream<DynamicTest> rules() {
        return OpCatalogue.entries().stream()
                .filter(entry ->
                        !entry.samples(1, true).getFirst().differentiable().isEmpty())
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (Sample sample : entry.samples(SHAPES, true)) {
                        for (int operand : sample.differentiable()) {
                            check(entry.name(), sample, operand);
                        }
                    }
                }));
    }

    private static void check(String name, Sample sample, int operand) {
        Loss loss = new Loss(sample);
        double[] gradient = loss.gradient(operand);
        double largest = 1;
        for (double value : gradient) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int element = 0; element < gradient.length; element++) {
            double expected = loss.centralDifference(operand, element);
            assertEquals(
                    expected,
                    gradient[element],
                    TOLERANCE * largest,
                    name + " " + sample + ", operand " + operand + ", element " + element);
        }
    }

    @TestFactory
    @DisplayName("an op without gradient rule says so, and what to do instead")
    Stream<DynamicTest> noGradient() {
        return OpCatalogue.byOp().entrySet().stream()
                .filter(ops -> !ops.getKey().equals(Fill.class))
                .filter(ops -> ops.getValue().stream()
                        .allMatch(entry -> entry.samples(1, true)
                                        .getFirst()
                                        .differentiable()
                                        .isEmpty()
                                && !entry.name().startsWith("Cast")))
                .map(ops -> DynamicTest.dynamicTest(ops.getKey().getSimpleName(), () -> {
                    Sample sample = ops.getValue().getFirst().samples(1, true).getFirst();
                    Recorder recorder = new Recorder("no gradient");
                    sample.apply(recorder, sample.declare());
                    Op op = recorder.finish().steps().stream()
                            .map(Step::op)
                            .filter(ops.getKey()::isInstance)
                            .findFirst()
                            .orElseThrow();
                    List<@Nullable Tensor> none = new ArrayList<>(Collections.nCopies(1, null));
                    EngineException.NoGradient thrown = assertThrows(
                            EngineException.NoGradient.class,
                            () -> op.vjp(new Backward(op, List.of(), List.of(), none, List.of())));
                    assertTrue(
                            thrown.getMessage().startsWith(op.name() + " has no gradient"),
                            "a sample without gradientOf() says that the op has no gradient, but: "
                                    + thrown.getMessage());
                    assertTrue(thrown.getMessage().contains("\n  remedy: "), thrown.getMessage());
                }));
    }

    @Test
    @DisplayName("the gradient of a cast is the incoming gradient, rounded to the operand's type")
    void cast() {
        ReferenceInterpreter interpreter = new ReferenceInterpreter();
        Variable x = new Variable("x", TensorType.f32(3), Variable.Role.PARAMETER);
        interpreter.write(x, new double[] {0.1, -2.7, 3.3});
        Tensor weights = interpreter.tensor(new double[] {1, 1.0009765625, 0.3}, 3);
        Tape tape = interpreter.tape();
        Tensor rounded = interpreter.use(x).cast(DType.BF16);
        Tensor loss = rounded.cast(DType.F32).dot(weights);
        tape.close();
        // BF16 keeps 8 significant bits: 1.0009765625 becomes 1, and 0.3 becomes 154/512.
        assertArrayEquals(
                new double[] {1, 1, 0.30078125},
                interpreter.read(tape.gradients(loss, List.of(x)).of(x)));
        assertArrayEquals(new double[] {0.10009765625, -2.703125, 3.296875}, interpreter.read(rounded));
    }

    @Test
    @DisplayName("gradients of a BF16 value that is used twice add up in F32")
    void castUsedTwice() {
        ReferenceInterpreter interpreter = new ReferenceInterpreter();
        Variable x = new Variable("x", TensorType.f32(1), Variable.Role.PARAMETER);
        interpreter.write(x, new double[] {1.5});
        Tape tape = interpreter.tape();
        Tensor rounded = interpreter.use(x).cast(DType.BF16);
        Tensor loss = rounded.cast(DType.F32).mul(rounded.cast(DType.F32)).sum();
        tape.close();
        assertArrayEquals(
                new double[] {3},
                interpreter.read(tape.gradients(loss, List.of(x)).of(x)));
    }

    @Test
    @DisplayName("a variable used several times gets the sum of its gradients: d/dx of x·x + 3x = 2x + 3")
    void fanOut() {
        ReferenceInterpreter interpreter = new ReferenceInterpreter();
        Variable x = new Variable("x", TensorType.f32(2), Variable.Role.PARAMETER);
        interpreter.write(x, new double[] {0.5, -2});
        Tape tape = interpreter.tape();
        Tensor bound = interpreter.use(x);
        Tensor loss = bound.mul(bound).add(bound.scale(3f)).sum();
        tape.close();
        assertArrayEquals(
                new double[] {4, -1},
                interpreter.read(tape.gradients(loss, List.of(x)).of(x)));
    }

    @Test
    @DisplayName("a gradient rule works when its operand is a bare variable")
    void bareVariable() {
        ReferenceInterpreter interpreter = new ReferenceInterpreter();
        Variable x = new Variable("x", TensorType.f32(2), Variable.Role.PARAMETER);
        interpreter.write(x, new double[] {0.5, -2});
        Tape tape = interpreter.tape();
        Tensor loss = interpreter.apply(new org.nanochat4j.engine.op.SumSquares(), x.tensor());
        tape.close();
        assertArrayEquals(
                new double[] {1, -4},
                interpreter.read(tape.gradients(loss, List.of(x)).of(x)));
    }

    @Test
    @DisplayName("asking for what has no gradient is an error with a remedy")
    void errors() {
        ReferenceInterpreter interpreter = new ReferenceInterpreter();
        Variable x = new Variable("x", TensorType.f32(2, 2), Variable.Role.PARAMETER);
        Variable other = new Variable("other", TensorType.f32(1), Variable.Role.PARAMETER);
        Tape tape = interpreter.tape();
        Tensor y = interpreter.use(x).scale(2f);
        Tensor loss = y.sum();
        Tensor chosen = y.argMax();
        tape.close();
        assertMessage("single number", () -> tape.gradients(y, List.of(x)));
        assertMessage("other has no part in the loss", () -> tape.gradients(loss, List.of(other)));
        assertEquals(TensorType.i32(2), chosen.type());
        EngineException.NoGradient thrown = assertThrows(
                EngineException.NoGradient.class,
                () -> tape.gradients(loss, List.of(x)).of(other));
        assertTrue(thrown.getMessage().contains("other was not among"), thrown.getMessage());
    }

    private static void assertMessage(String part, org.junit.jupiter.api.function.Executable action) {
        EngineException.NoGradient thrown = assertThrows(EngineException.NoGradient.class, action);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
        assertTrue(thrown.getMessage().contains("\n  remedy: "), thrown.getMessage());
    }
}
