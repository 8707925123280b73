package org.nanochat4j.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.nanochat4j.engine.op.Concat;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.reference.ReferenceInterpreter;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Errors say what, where and what to do next. */
class ErrorMessageTest {
    private final Recorder recorder = new Recorder("errors");

    private Tensor f32(int... dims) {
        return recorder.use(new Variable("x", TensorType.f32(dims), Variable.Role.INPUT));
    }

    private Tensor i32(int... dims) {
        return recorder.use(new Variable("ids", TensorType.i32(dims), Variable.Role.INPUT));
    }

    /** The message names op and problem, all operands, this file as the call site, and the remedy. */
    private static void assertMessage(String problem, String operands, String remedy, Executable action) {
        String message = assertThrows(EngineException.BadOperand.class, action).getMessage();
        List<String> lines = message.lines().toList();
        assertEquals(4, lines.size(), message);
        assertEquals(problem, lines.get(0), message);
        assertEquals("  " + operands, lines.get(1), message);
        assertTrue(lines.get(2).startsWith("  at ErrorMessageTest."), message);
        assertTrue(lines.get(2).contains("(ErrorMessageTest.java:"), message);
        assertEquals("  remedy: " + remedy, lines.get(3), message);
    }

    @Test
    void matmul() {
        Tensor a = f32(512, 768);
        assertMessage(
                "MatMul: inner dimensions differ, 768 and 640",
                "a F32 (512, 768)   b F32 (640, 3072)",
                "b must be (768, n), or pass transposeB for (n, 768)",
                () -> a.matmul(f32(640, 3072)));
    }

    @Test
    void add() {
        assertMessage(
                "Add: shapes differ, (2, 3) and (2)",
                "a F32 (2, 3)   b F32 (2)",
                "b must have the shape of a, or be a row vector of shape (3)",
                () -> f32(2, 3).add(f32(2)));
    }

    @Test
    void dtype() {
        assertMessage(
                "Embedding: operand b must be I32, not F32",
                "a F32 (10, 4)   b F32 (3)",
                "pass integer ids or positions",
                () -> f32(10, 4).embedding(f32(3)));
        assertMessage(
                "Mul: operand a must be F32 or BF16, not I32",
                "a I32 (3)   b I32 (3)",
                "pass floating-point numbers",
                () -> i32(3).mul(i32(3)));
        assertMessage(
                "Mul: operand b must be BF16, not F32",
                "a BF16 (3)   b F32 (3)",
                "cast it with cast(DType.BF16)",
                () -> f32(3).cast(DType.BF16).mul(f32(3)));
    }

    @Test
    void attention() {
        assertMessage(
                "CausalAttention: 2 key-value heads do not divide 3 query heads",
                "a F32 (1, 5, 3, 8)   b F32 (1, 5, 2, 8)   c F32 (1, 5, 2, 8)",
                "choose a number of key-value heads that divides the number of heads",
                () -> f32(1, 5, 3, 8).causalAttention(f32(1, 5, 2, 8), f32(1, 5, 2, 8), 5, 1));
    }

    @Test
    void slice() {
        assertMessage(
                "Slice: [3, 7) is outside axis 0 of extent 5",
                "a F32 (5, 2)",
                "choose a range inside",
                () -> f32(5, 2).slice(0, 3, 4));
        assertMessage(
                "Slice: no axis 2",
                "a F32 (5, 2)",
                "axes count from 0",
                () -> f32(5, 2).slice(2, 0, 1));
        assertMessage(
                "Slice: no axis -1",
                "a F32 (5, 2)",
                "axes count from 0",
                () -> f32(5, 2).slice(-3, 0, 1));
    }

    @Test
    void reshape() {
        assertMessage(
                "Reshape: 10 elements do not make (3, 4)",
                "a F32 (5, 2)",
                "the product of the extents must not change",
                () -> f32(5, 2).reshape(3, 4));
    }

    @Test
    void loss() {
        assertMessage(
                "SoftcapCrossEntropy: vocabulary 70 does not fit 64 rows of w",
                "a F32 (5, 8)   b F32 (64, 8)   c I32 (5)",
                "pad w, not the vocabulary",
                () -> f32(5, 8).softcapCrossEntropy(f32(64, 8), i32(5), 15, 70));
    }

    @Test
    void rope() {
        Tensor x = f32(1, 5, 2, 7);
        assertMessage(
                "Rope: odd head size 7",
                "a F32 (1, 5, 2, 7)   b F32 (5, 3)   c F32 (5, 3)   d I32 (1)",
                "rotation needs pairs: choose an even head size",
                () -> x.apply(new Rope(false), x, f32(5, 3), f32(5, 3), i32(1)));
    }

    @Test
    void operandCount() {
        assertMessage(
                "Concat: needs at least one operand",
                "",
                "pass the tensors to join",
                () -> recorder.apply(new Concat(0), List.of()));
    }

    @Test
    @DisplayName("a shape rule is checked alike by every interpreter")
    void everyInterpreter() {
        ReferenceInterpreter reference = new ReferenceInterpreter();
        Tensor a = reference.tensor(new double[6], 2, 3);
        assertMessage(
                "MatMul: inner dimensions differ, 3 and 2",
                "a F32 (2, 3)   b F32 (2, 3)",
                "b must be (3, n), or pass transposeB for (n, 3)",
                () -> a.matmul(a));
    }

    @Test
    @DisplayName("tensors of two interpreters do not mix, and bare variables need one")
    void interpreters() {
        Tensor foreign = new ReferenceInterpreter().tensor(new double[6], 2, 3);
        String mixed = assertThrows(
                        EngineException.BadProgram.class, () -> f32(2, 3).add(foreign))
                .getMessage();
        assertTrue(mixed.startsWith("Add: an operand belongs to another interpreter\n  at ErrorMessageTest."), mixed);
        Variable x = new Variable("x", TensorType.f32(2), Variable.Role.INPUT);
        String bare = assertThrows(
                        EngineException.BadProgram.class, () -> x.tensor().scale(2))
                .getMessage();
        assertTrue(bare.contains("all operands are bare variables\n  at ErrorMessageTest."), bare);
        assertTrue(bare.endsWith("remedy: bind one of them with interpreter.use(variable)"), bare);
    }

    @Test
    @DisplayName("data that does not fit, ids outside a table and unknown backends are told")
    void engine() {
        try (Engine engine = Engine.open("cpu", new BackendOptions(2))) {
            String length = assertThrows(EngineException.BadData.class, () -> engine.tensor(new float[5], 2, 3))
                    .getMessage();
            assertTrue(length.startsWith("tensor of shape (2, 3) takes 6 numbers, not 5"), length);
            Tensor table = engine.tensor(new float[6], 3, 2);
            for (int id : new int[] {-1, 3}) {
                Tensor ids = engine.tensor(new int[] {0, id}, 2);
                String outside = assertThrows(EngineException.BadData.class, () -> table.embedding(ids))
                        .getMessage();
                assertTrue(outside.contains("id " + id) && outside.contains("3 rows"), outside);
            }
            Variable ids = new Variable("ids", TensorType.i32(2), Variable.Role.INPUT);
            assertThrows(EngineException.BadData.class, () -> engine.write(ids, new float[2]));
        }
        String unknown = assertThrows(
                        EngineException.NoBackend.class, () -> Engine.open("abacus", BackendOptions.DEFAULT))
                .getMessage();
        assertTrue(unknown.startsWith("no backend named 'abacus'\n  remedy: choose one of [cpu"), unknown);
    }
}
