package org.nanochat4j.engine.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;

class MemoryPlanTest {
    private static final long BYTES = 64L * 64 * Float.BYTES; // of one (64, 64) tensor

    private final Variable x = new Variable("x", TensorType.f32(64, 64), Variable.Role.INPUT);
    private final Variable y = new Variable("y", TensorType.f32(64, 64), Variable.Role.OUTPUT);
    private final Recorder recorder = new Recorder("p");

    private MemoryPlan.Layout layout() {
        return plan().layouts().getFirst();
    }

    private MemoryPlan plan() {
        return MemoryPlan.of(List.of(recorder.finish()), step -> 0);
    }

    @Test
    @DisplayName("no plan of 300 random programs overwrites what is still needed")
    void randomPrograms() {
        int shared = 0;
        for (int seed = 0; seed < 300; seed++) {
            Program program = RandomProgram.of(seed, 60);
            MemoryPlan.Layout layout =
                    MemoryPlan.of(List.of(program), step -> 0).layouts().getFirst();
            MemorySimulator.run(program, layout.arenaBytes(), layout::offset);
            long separate =
                    layout.slots().stream().mapToLong(MemoryPlan.Slot::bytes).sum();
            shared += layout.arenaBytes() < separate ? 1 : 0;
        }
        assertTrue(shared > 250, "memory is shared in " + shared + " of 300 programs");
    }

    @Test
    @DisplayName("the simulator notices a plan that puts everything in one place")
    void simulatorBites() {
        Program program = RandomProgram.of(1, 60);
        assertThrows(AssertionError.class, () -> MemorySimulator.run(program, 1 << 20, value -> 0));
    }

    @Test
    @DisplayName("slots whose lifetimes overlap do not overlap in memory")
    void slots() {
        for (int seed = 0; seed < 50; seed++) {
            MemoryPlan.Layout layout = MemoryPlan.of(List.of(RandomProgram.of(seed, 80)), step -> 0)
                    .layouts()
                    .getFirst();
            List<MemoryPlan.Slot> slots = layout.slots();
            for (MemoryPlan.Slot a : slots) {
                for (MemoryPlan.Slot b : slots) {
                    boolean apart = a.end() <= b.offset() || b.end() <= a.offset();
                    assertTrue(a.equals(b) || apart || !a.overlaps(b), a + " and " + b);
                }
            }
        }
    }

    @Test
    @DisplayName("a chain of element-wise ops works in place: one slot")
    void chain() {
        recorder.assign(y, recorder.use(x).scale(2).reluSquared().scale(3));
        assertEquals(BYTES, layout().arenaBytes());
        assertEquals(1, layout().slots().size());
    }

    @Test
    @DisplayName("an operand that is used later is not overwritten")
    void usedLater() {
        Tensor a = recorder.use(x).scale(2);
        Tensor b = a.scale(3);
        recorder.assign(y, a.add(b));
        assertEquals(2 * BYTES, layout().arenaBytes());
    }

    @Test
    @DisplayName("a view keeps its operand alive and takes no memory of its own")
    void views() {
        Tensor a = recorder.use(x).scale(2);
        Tensor view = a.reshape(32, 128);
        Tensor b = a.rmsNorm(1e-6f); // not in place, and the view is still needed
        recorder.assign(y, b.add(view.reshape(64, 64)));
        assertEquals(2, layout().slots().size());
        assertEquals(2 * BYTES, layout().arenaBytes());
    }

    @Test
    @DisplayName("variables and views of variables are never given to results")
    void variablesStay() {
        Tensor view = recorder.use(x).reshape(32, 128);
        recorder.assign(y, view.scale(2).reshape(64, 64));
        MemoryPlan.Layout layout = layout();
        assertEquals(BYTES, layout.arenaBytes());
        Value viewValue = layout.program().steps().getFirst().outputs().getFirst();
        Value scaled = layout.program().steps().get(1).outputs().getFirst();
        assertNotEquals(layout.liveness().storage(viewValue), layout.liveness().storage(scaled));
    }

    @Test
    @DisplayName("an op that reads an operand in two places overwrites it only if both may be shared")
    void sameOperandTwice() {
        Tensor a = recorder.use(x).scale(2);
        recorder.assign(y, a.mul(a)); // both operands of Mul may be shared
        assertEquals(BYTES, layout().arenaBytes());
        Recorder other = new Recorder("q");
        Tensor row = other.use(new Variable("row", TensorType.f32(64), Variable.Role.INPUT))
                .scale(2);
        other.assign(new Variable("z", TensorType.f32(64), Variable.Role.OUTPUT), row.add(row));
        MemoryPlan.Layout layout =
                MemoryPlan.of(List.of(other.finish()), step -> 0).layouts().getFirst();
        assertEquals(2 * 256, layout.arenaBytes()); // Add may only share its first operand
    }

    @Test
    @DisplayName("programs of a run share one arena, as large as the largest needs; scratch is the largest too")
    void severalPrograms() {
        recorder.assign(y, recorder.use(x).scale(2));
        Recorder second = new Recorder("q");
        Tensor a = second.use(x).scale(2);
        second.assign(y, a.matmul(second.use(x)).add(a));
        Program p = recorder.finish();
        Program q = second.finish();
        MemoryPlan plan = MemoryPlan.of(List.of(p, q), step -> step.op().name().equals("MatMul") ? 1000 : 10);
        assertEquals(2 * BYTES, plan.arenaBytes());
        assertEquals(1024, plan.scratchBytes());
        assertEquals(BYTES, plan.variableBytes().get(Variable.Role.INPUT)); // x counts once
        assertEquals(2 * BYTES + 1024 + 2 * BYTES, plan.totalBytes());
        assertEquals(BYTES, plan.layout("p").arenaBytes());
        assertThrows(EngineException.BadProgram.class, () -> plan.layout("r"));
    }

    @Test
    @DisplayName("where memory comes in blocks, each holds temporaries of one type")
    void blocks() {
        Tensor a = recorder.use(x).scale(2);
        Tensor half = a.cast(DType.BF16);
        Tensor b = a.rmsNorm(1e-6f);
        recorder.assign(y, a.add(b).add(half.cast(DType.F32)));
        MemoryPlan plan = MemoryPlan.of(List.of(recorder.finish()), step -> 0, BYTES);
        assertEquals(
                List.of(
                        new MemoryPlan.Block(DType.F32, BYTES),
                        new MemoryPlan.Block(DType.F32, BYTES),
                        new MemoryPlan.Block(DType.BF16, BYTES / 2)),
                plan.blocks());
        assertEquals(2 * BYTES + BYTES / 2, plan.arenaBytes());
        MemoryPlan.Layout layout = plan.layouts().getFirst();
        for (MemoryPlan.Slot slot : layout.slots()) {
            MemoryPlan.Block block = plan.blocks().get((int) (slot.offset() / BYTES));
            assertEquals(slot.value().type().dtype(), block.dtype());
            assertEquals(slot.offset(), layout.offset(slot.value()));
            assertTrue(slot.offset() % BYTES + slot.bytes() <= block.bytes());
        }
    }

    @Test
    @DisplayName("a plan that does not fit says how much, what dominates and what to do")
    void doesNotFit() {
        recorder.assign(
                y, recorder.use(x).matmul(recorder.use(x)).rmsNorm(1e-6f).matmul(recorder.use(x)));
        MemoryPlan plan = plan();
        plan.requireFits(plan.totalBytes(), "nothing to do");
        EngineException.OutOfMemory thrown = assertThrows(
                EngineException.OutOfMemory.class,
                () -> plan.requireFits(plan.totalBytes() - 1, "--device-batch-size 8 would need 32.0 KiB"));
        String message = thrown.getMessage();
        assertTrue(message.startsWith("memory plan needs 64.0 KiB, 64.0 KiB are available"), message);
        assertTrue(message.contains("the largest part is temporaries (32.0 KiB)"), message);
        assertTrue(message.contains("MatMul"), message);
        assertTrue(message.endsWith("  remedy: --device-batch-size 8 would need 32.0 KiB"), message);
    }
}
