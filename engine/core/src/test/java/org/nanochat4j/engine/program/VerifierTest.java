package org.nanochat4j.engine.program;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.Scale;

/** Each rule of the verifier, broken once. */
class VerifierTest {
    private static final TensorType TYPE = TensorType.f32(2, 3);
    private static final Variable X = new Variable("x", TYPE, Variable.Role.INPUT);
    private static final Value VARIABLE = new Value(0, TYPE, X);
    private static final Value FIRST = new Value(1, TYPE, null);
    private static final Value SECOND = new Value(2, TYPE, null);

    private static Step scale(Value from, Value to) {
        return new Step(new Scale(2), List.of(from), List.of(to), "somewhere");
    }

    private static void assertBroken(String rule, List<Value> values, List<Step> steps) {
        EngineException.BadProgram thrown = assertThrows(
                EngineException.BadProgram.class, () -> Verifier.verify(new Program("broken", values, steps)));
        assertTrue(thrown.getMessage().startsWith("broken"), thrown.getMessage());
        assertTrue(thrown.getMessage().contains(rule), thrown.getMessage());
        assertTrue(thrown.getMessage().contains("\n  remedy: "), thrown.getMessage());
    }

    @Test
    @DisplayName("a correct program passes")
    void correct() {
        Program program = new Program(
                "right", List.of(VARIABLE, FIRST, SECOND), List.of(scale(VARIABLE, FIRST), scale(FIRST, SECOND)));
        assertDoesNotThrow(() -> Verifier.verify(program));
    }

    @Test
    void valuesAreNumberedInOrder() {
        assertBroken("stands at 1", List.of(VARIABLE, SECOND), List.of());
    }

    @Test
    void oneValuePerVariable() {
        assertBroken("x appears twice", List.of(VARIABLE, new Value(1, TYPE, X)), List.of());
    }

    @Test
    void usedBeforeComputed() {
        assertBroken(
                "step 0 (Scale): %1 is used before it is computed",
                List.of(VARIABLE, FIRST, SECOND), List.of(scale(FIRST, SECOND), scale(VARIABLE, FIRST)));
    }

    @Test
    void computedTwice() {
        assertBroken(
                "step 1 (Scale): %1 is computed twice",
                List.of(VARIABLE, FIRST), List.of(scale(VARIABLE, FIRST), scale(VARIABLE, FIRST)));
    }

    @Test
    void temporariesAreNotWrittenInPlace() {
        Step accumulate = new Step(new Accumulate(), List.of(FIRST, VARIABLE), List.of(), "somewhere");
        assertBroken(
                "step 1 (Accumulate): %1 is written in place but is a temporary",
                List.of(VARIABLE, FIRST), List.of(scale(VARIABLE, FIRST), accumulate));
    }

    @Test
    void typesObeyTheShapeRule() {
        Value wrong = new Value(1, TensorType.f32(3, 2), null);
        assertBroken("result types", List.of(VARIABLE, wrong), List.of(scale(VARIABLE, wrong)));
    }

    @Test
    @DisplayName("interpreters refuse to write temporaries at the user's line, before a program is finished")
    void refusedWhileRecording() {
        Recorder recorder = new Recorder("p");
        var temporary = recorder.use(X).scale(2);
        EngineException.BadProgram thrown = assertThrows(
                EngineException.BadProgram.class,
                () -> recorder.apply(new Accumulate(), List.of(temporary, recorder.use(X))));
        assertTrue(thrown.getMessage().contains("written in place but is a temporary"), thrown.getMessage());
        assertTrue(thrown.getMessage().contains("VerifierTest.java:"), thrown.getMessage());
    }
}
