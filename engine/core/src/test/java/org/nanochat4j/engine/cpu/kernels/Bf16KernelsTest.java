package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;

/** Kernels that read and write BF16 give the bits of those for F32 over the same numbers, each result rounded once, and touch nothing outside. */
class Bf16KernelsTest {
    private final Random random = new Random(1);

    /** The same numbers as BF16, between pages that nobody may touch, and as F32. */
    private record Operand(GuardedMemory memory, long wide, int count) {
        long narrow() {
            return memory.address();
        }

        /** Whether this was computed, and is what was computed in F32, rounded. */
        void assertRounded(String name) {
            boolean computed = false;
            for (int i = 0; i < count; i++) {
                float expected = Memory.getFloat(wide + 4L * i);
                assertEquals(Bf16.bits(expected), Memory.getShort(narrow() + 2L * i), name + " at " + i);
                computed |= expected != 0;
            }
            assertTrue(computed, name);
        }
    }

    private final class Operands implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final List<GuardedMemory> guarded = new ArrayList<>();

        Operand normal(int count) {
            Operand operand = zero(count);
            for (int i = 0; i < count; i++) {
                short bits = Bf16.bits((float) random.nextGaussian());
                Memory.putShort(operand.narrow() + 2L * i, bits);
                Memory.putFloat(operand.wide() + 4L * i, Bf16.toFloat(bits));
            }
            return operand;
        }

        Operand zero(int count) {
            return new Operand(guarded(2L * count), floats(count), count);
        }

        long floats(long count) {
            return arena.allocate(4 * count, 64).address();
        }

        /** Scratch memory full of NaN. */
        long scratch(long bytes) {
            GuardedMemory memory = guarded(bytes);
            for (long i = 0; i < bytes; i++) {
                Memory.putByte(memory.address() + i, (byte) -1);
            }
            return memory.address();
        }

        private GuardedMemory guarded(long bytes) {
            GuardedMemory memory = new GuardedMemory(bytes);
            guarded.add(memory);
            return memory;
        }

        @Override
        public void close() {
            arena.close();
            guarded.forEach(GuardedMemory::close);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, 2, 1",
        "2, 5, 2, 1, 6, 5",
        "1, 64, 2, 2, 64, 64",
        "2, 65, 4, 2, 16, 7",
        "1, 200, 3, 1, 33, 64",
        "1, 257, 2, 2, 64, 100"
    })
    @DisplayName("attention, forward and backward: batch, time, heads, key heads, head size, window")
    void attention(int batch, int time, int heads, int kvHeads, int headSize, int window) {
        var wide = new AttentionShape(batch, time, heads, kvHeads, headSize, window);
        var narrow = new AttentionShape(batch, time, heads, kvHeads, headSize, window, DType.BF16);
        int ofQueries = batch * time * heads * headSize;
        int ofKeys = batch * time * kvHeads * headSize;
        int ofStatistics = batch * heads * time;
        float scale = 0.3f;
        try (Operands all = new Operands();
                Parallel pool = new Parallel(2, Products.of(true))) {
            Operand q = all.normal(ofQueries);
            Operand k = all.normal(ofKeys);
            Operand v = all.normal(ofKeys);
            Operand out = all.zero(ofQueries);
            long lse = all.floats(ofStatistics);
            long expected = all.floats(ofStatistics);
            long scratch = all.scratch(Attention.scratchBytes(narrow, 2));
            new Attention(pool, scratch, narrow, scale, q.narrow(), k.narrow(), v.narrow(), out.narrow(), lse).run();
            scratch = all.scratch(Attention.scratchBytes(wide, 2));
            new Attention(pool, scratch, wide, scale, q.wide(), k.wide(), v.wide(), out.wide(), expected).run();
            out.assertRounded("out");
            for (int i = 0; i < ofStatistics; i++) {
                assertEquals(Memory.getInt(expected + 4L * i), Memory.getInt(lse + 4L * i), "lse at " + i);
            }
            Bf16Conversion.widen(ofQueries, out.narrow(), out.wide());

            Operand dOut = all.normal(ofQueries);
            Operand dq = all.zero(ofQueries);
            Operand dk = all.zero(ofKeys);
            Operand dv = all.zero(ofKeys);
            scratch = all.scratch(AttentionGrad.scratchBytes(narrow, 2));
            new AttentionGrad(
                            pool,
                            scratch,
                            narrow,
                            scale,
                            q.narrow(),
                            k.narrow(),
                            v.narrow(),
                            out.narrow(),
                            lse,
                            dOut.narrow(),
                            dq.narrow(),
                            dk.narrow(),
                            dv.narrow())
                    .run();
            scratch = all.scratch(AttentionGrad.scratchBytes(wide, 2));
            new AttentionGrad(
                            pool,
                            scratch,
                            wide,
                            scale,
                            q.wide(),
                            k.wide(),
                            v.wide(),
                            out.wide(),
                            lse,
                            dOut.wide(),
                            dq.wide(),
                            dk.wide(),
                            dv.wide())
                    .run();
            dv.assertRounded("dv");
            if (time > 1) { // one key has probability 1, and no gradient
                dq.assertRounded("dq");
                dk.assertRounded("dk");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 3, 2, 64, false", "1, 5, 3, 6, true", "2, 7, 1, 46, false", "1, 40, 4, 128, true"})
    @DisplayName("rotation: batch, time, heads, head size, inverse")
    void rotation(int batch, int time, int heads, int headSize, boolean inverse) {
        int positions = time + 3;
        int count = batch * time * heads * headSize;
        try (Operands all = new Operands();
                Parallel pool = new Parallel(2)) {
            Operand x = all.normal(count);
            Operand y = all.zero(count);
            long cos = all.normal(positions * headSize / 2).wide();
            long sin = all.normal(positions * headSize / 2).wide();
            long start = all.floats(batch);
            for (int b = 0; b < batch; b++) {
                Memory.putInt(start + 4L * b, random.nextInt(4));
            }
            long scratch = all.scratch(Rotary.scratchBytes(DType.BF16, heads, headSize, 2));
            new Rotary(
                            pool,
                            scratch,
                            batch,
                            time,
                            heads,
                            headSize,
                            positions,
                            inverse,
                            DType.BF16,
                            x.narrow(),
                            cos,
                            sin,
                            start,
                            y.narrow())
                    .run();
            new Rotary(
                            pool, scratch, batch, time, heads, headSize, positions, inverse, DType.F32, x.wide(), cos,
                            sin, start, y.wide())
                    .run();
            y.assertRounded("rotated");
        }
    }

    @Test
    @DisplayName("sums, of squares, of products")
    void reductions() {
        for (int count : new int[] {1, 7, 1000, 3 * RangeKernel.CHUNK + 5}) {
            try (Operands all = new Operands();
                    Parallel pool = new Parallel(2)) {
                Operand x = all.normal(count);
                Operand z = all.normal(count);
                long sum = all.floats(1);
                long expected = all.floats(1);
                for (Reduction.Kind kind : Reduction.Kind.values()) {
                    long scratch = all.scratch(Reduction.scratchBytes(DType.BF16, 2));
                    new Reduction(pool, scratch, kind, DType.BF16, count, x.narrow(), z.narrow(), sum).run();
                    new Reduction(pool, 0, kind, DType.F32, count, x.wide(), z.wide(), expected).run();
                    assertEquals(Memory.getFloat(expected), Memory.getFloat(sum), kind + " of " + count);
                }
            }
        }
    }

    @Test
    @DisplayName("a warmed-up run allocates nothing")
    void allocation() {
        var shape = new AttentionShape(1, 70, 2, 1, 16, 40, DType.BF16);
        int count = 70 * 2 * 16;
        try (Operands all = new Operands();
                Parallel pool = new Parallel(2, Products.of(true))) {
            long q = all.normal(count).narrow();
            long k = all.normal(count / 2).narrow();
            long v = all.normal(count / 2).narrow();
            long out = all.zero(count).narrow();
            long lse = all.floats(140);
            long scratch = all.scratch(Attention.scratchBytes(shape, 2));
            Buffers.assertAllocatesNothing(new Attention(pool, scratch, shape, 1, q, k, v, out, lse), 500);
            long dOut = all.normal(count).narrow();
            long dq = all.zero(count).narrow();
            long dk = all.zero(count / 2).narrow();
            long dv = all.zero(count / 2).narrow();
            scratch = all.scratch(AttentionGrad.scratchBytes(shape, 2));
            Buffers.assertAllocatesNothing(
                    new AttentionGrad(pool, scratch, shape, 1, q, k, v, out, lse, dOut, dq, dk, dv), 500);
            long start = all.floats(1);
            long tables = all.normal(70 * 8).wide();
            scratch = all.scratch(Rotary.scratchBytes(DType.BF16, 2, 16, 2));
            Buffers.assertAllocatesNothing(
                    new Rotary(pool, scratch, 1, 70, 2, 16, 70, false, DType.BF16, q, tables, tables, start, out),
                    2000);
            scratch = all.scratch(Reduction.scratchBytes(DType.BF16, 2));
            Buffers.assertAllocatesNothing(
                    new Reduction(pool, scratch, Reduction.Kind.DOT, DType.BF16, count, q, out, lse), 2000);
        }
    }
}
