package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nanochat4j.engine.EngineException;

class DecodeAttentionTest {
    static List<AttentionShape> shapes() {
        List<AttentionShape> shapes = new ArrayList<>(List.of(
                new AttentionShape(1, 1, 1, 1, 1, 0),
                new AttentionShape(3, 300, 6, 2, 128, 300),
                new AttentionShape(3, 1100, 4, 2, 24, 1100),
                new AttentionShape(3, 1100, 2, 2, 16, 300),
                new AttentionShape(1, 256, 2, 2, 16, 256),
                new AttentionShape(2, 200, 2, 2, 64, 63),
                new AttentionShape(2, 90, 3, 1, 12, 0)));
        Random random = new Random(17);
        int[] sizes = {6, 8, 12, 16, 33, 64, 80, 128};
        for (int i = 0; i < 20; i++) {
            int kvHeads = 1 + random.nextInt(3);
            int time = 1 + random.nextInt(300);
            shapes.add(new AttentionShape(
                    1 + random.nextInt(3),
                    time,
                    kvHeads * (1 + random.nextInt(3)),
                    kvHeads,
                    sizes[random.nextInt(sizes.length)],
                    random.nextBoolean() ? time : random.nextInt(time)));
        }
        return shapes;
    }

    private static int elements(AttentionShape shape) {
        return shape.batch() * shape.heads() * shape.headSize();
    }

    private static int[] positions(AttentionShape shape) {
        return new Random(shape.hashCode()).ints(shape.batch(), 0, shape.time()).toArray();
    }

    @ParameterizedTest
    @MethodSource("shapes")
    @DisplayName("row b is row positions[b] of attention over the whole cache")
    void agreesWithTheDefinition(AttentionShape shape) {
        try (Buffers buffers = new Buffers(23);
                Parallel pool = new Parallel(2)) {
            int cached = shape.batch() * shape.time() * shape.kvHeads() * shape.headSize();
            long keys = buffers.normal(cached, 1);
            long values = buffers.normal(cached, 1);
            long q = buffers.normal(elements(shape), 1);
            long out = buffers.empty(elements(shape));
            int[] positions = positions(shape);
            long scratch = buffers.scratch(DecodeAttention.scratchBytes(shape, 2));
            float scale = 0.3f;
            new DecodeAttention(pool, scratch, shape, scale, q, keys, values, buffers.ofInts(positions), out).run();

            double[] full = new double[shape.batch() * shape.time() * shape.heads() * shape.headSize()];
            double[] queries = Buffers.doubles(q, elements(shape));
            int row = shape.heads() * shape.headSize();
            for (int b = 0; b < shape.batch(); b++) {
                System.arraycopy(queries, b * row, full, (b * shape.time() + positions[b]) * row, row);
            }
            double[] all = new NaiveAttention(
                            shape, scale, full, Buffers.doubles(keys, cached), Buffers.doubles(values, cached))
                    .forward()
                    .out();
            double[] expected = new double[elements(shape)];
            for (int b = 0; b < shape.batch(); b++) {
                System.arraycopy(all, (b * shape.time() + positions[b]) * row, expected, b * row, row);
            }
            Buffers.assertClose(expected, Buffers.floats(out, elements(shape)), 1e-6, "out");
            buffers.checkGuards();
        }
    }

    @Test
    @DisplayName("the same bytes with one thread, two, and five; what lies behind the position is not read")
    void threadsDoNotMatter() {
        AttentionShape shape = new AttentionShape(3, 620, 4, 2, 20, 450);
        try (Buffers buffers = new Buffers(29)) {
            int cached = shape.batch() * shape.time() * shape.kvHeads() * shape.headSize();
            long keys = buffers.normal(cached, 1);
            long values = buffers.normal(cached, 1);
            int[] positions = {0, 377, 619};
            for (int b = 0; b < 3; b++) {
                for (int t = positions[b] + 1; t < shape.time(); t++) {
                    Memory.putFloat(keys + shape.key(b, t, 0), Float.NaN);
                    Memory.putFloat(values + shape.key(b, t, 1), Float.NaN);
                }
            }
            long q = buffers.normal(elements(shape), 1);
            long out = buffers.empty(elements(shape));
            float[] one = new float[0];
            for (int threads : new int[] {1, 2, 5}) {
                try (Parallel pool = new Parallel(threads)) {
                    long scratch = buffers.scratch(DecodeAttention.scratchBytes(shape, threads));
                    new DecodeAttention(pool, scratch, shape, 1f, q, keys, values, buffers.ofInts(positions), out)
                            .run();
                }
                float[] result = Buffers.floats(out, elements(shape));
                one = threads == 1 ? result : one;
                assertArrayEquals(one, result);
                for (float value : result) {
                    if (Float.isNaN(value)) {
                        throw new AssertionError("read beyond the position: " + Arrays.toString(result));
                    }
                }
            }
        }
    }

    @Test
    void refusesAPositionOutsideTheCache() {
        AttentionShape shape = new AttentionShape(1, 10, 1, 1, 4, 10);
        try (Buffers buffers = new Buffers(1);
                Parallel pool = new Parallel(1)) {
            long cache = buffers.normal(40, 1);
            long scratch = buffers.scratch(DecodeAttention.scratchBytes(shape, 1));
            DecodeAttention kernel = new DecodeAttention(
                    pool, scratch, shape, 1f, cache, cache, cache, buffers.ofInts(10), buffers.empty(4));
            assertThrows(EngineException.BadData.class, kernel::run);
        }
    }

    @Test
    @DisplayName("running allocates nothing once compiled")
    void allocatesNothing() {
        AttentionShape shape = new AttentionShape(1, 100, 2, 1, 72, 100);
        try (Buffers buffers = new Buffers(1);
                Parallel pool = new Parallel(1)) {
            long cache = buffers.normal(7200, 1);
            long scratch = buffers.scratch(DecodeAttention.scratchBytes(shape, 1));
            long out = buffers.empty(elements(shape));
            Buffers.assertAllocatesNothing(
                    new DecodeAttention(pool, scratch, shape, 1f, cache, cache, cache, buffers.ofInts(99), out), 5000);
        }
    }
}
