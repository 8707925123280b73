package org.nanochat4j.engine.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;

class ProgramPrinterTest {
    private static Program program() {
        Variable x = new Variable("x", TensorType.f32(8, 4), Variable.Role.INPUT);
        Variable w = new Variable("w", TensorType.f32(4, 3), Variable.Role.PARAMETER);
        Variable total = new Variable("total", TensorType.f32(1), Variable.Role.OUTPUT);
        Recorder recorder = new Recorder("tiny");
        recorder.accumulate(total, recorder.use(x).matmul(w.tensor()).sumSquares());
        return recorder.finish();
    }

    @Test
    @DisplayName("the listing has one line per step with operands, types and the user's line")
    void text() {
        List<String> lines = ProgramPrinter.text(program()).lines().toList();
        assertEquals(4, lines.size());
        assertTrue(lines.get(0).startsWith("program tiny: 3 steps, 3 variables"), lines.get(0));
        assertTrue(lines.get(1).contains("%2: F32 (8, 3) = MatMul"), lines.get(1));
        assertTrue(lines.get(1).contains("(x, w)"), lines.get(1));
        assertTrue(lines.get(1).contains("# ProgramPrinterTest.program(ProgramPrinterTest.java:"), lines.get(1));
        assertTrue(lines.get(3).contains("Accumulate[](total, %3)"), lines.get(3));
    }

    @Test
    @DisplayName("the graph has boxes for variables, and dashed arrows to what is written")
    void graphviz() {
        String dot = ProgramPrinter.graphviz(program());
        assertTrue(dot.startsWith("digraph \"tiny\" {"), dot);
        assertTrue(dot.contains("[shape=box,label=\"w\\nF32 (4, 3)\"]"), dot);
        assertTrue(dot.contains("s0 [label=\"MatMul\"]"), dot);
        assertTrue(dot.contains("s0 -> s1 [label=\"(8, 3)\"]"), dot);
        assertTrue(dot.contains("style=dashed"), dot);
        assertTrue(dot.endsWith("}\n"), dot);
    }

    @Test
    @DisplayName("work is 2mnk for a product, and the account adds up to the program's cost")
    void cost() {
        Program program = program();
        assertEquals(2 * 8 * 4 * 3, program.steps().getFirst().cost().flops());
        assertEquals("MatMul", CostModel.account(program).getFirst().op());
        assertEquals(
                program.cost().flops(),
                CostModel.account(program).stream()
                        .mapToLong(line -> line.cost().flops())
                        .sum());
    }
}
