package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AttentionTest {
    /** Everything one forward and one backward pass read and write. */
    private static final class Case implements AutoCloseable {
        final Buffers buffers;
        final AttentionShape shape;
        final float scale;
        final long q;
        final long k;
        final long v;
        final long out;
        final long lse;
        final long dOut;
        final long dq;
        final long dk;
        final long dv;
        final int queries;
        final int keys;

        Case(AttentionShape shape, double deviation, long seed) {
            this.shape = shape;
            buffers = new Buffers(seed);
            scale = (float) (1 / Math.sqrt(shape.headSize()));
            queries = shape.batch() * shape.time() * shape.heads() * shape.headSize();
            keys = queries / shape.group();
            q = buffers.normal(queries, deviation);
            k = buffers.normal(keys, deviation);
            v = buffers.normal(keys, 1);
            dOut = buffers.normal(queries, 1);
            out = buffers.empty(queries);
            lse = buffers.empty((long) shape.batch() * shape.heads() * shape.time());
            dq = buffers.empty(queries);
            dk = buffers.empty(keys);
            dv = buffers.empty(keys);
        }

        Attention forward(Parallel pool) {
            long scratch = buffers.scratch(Attention.scratchBytes(shape, pool.threads()));
            return new Attention(pool, scratch, shape, scale, q, k, v, out, lse);
        }

        AttentionGrad backward(Parallel pool) {
            long scratch = buffers.scratch(AttentionGrad.scratchBytes(shape, pool.threads()));
            return new AttentionGrad(pool, scratch, shape, scale, q, k, v, out, lse, dOut, dq, dk, dv);
        }

        NaiveAttention naive() {
            return new NaiveAttention(
                    shape, scale, Buffers.doubles(q, queries), Buffers.doubles(k, keys), Buffers.doubles(v, keys));
        }

        List<float[]> results() {
            return List.of(
                    Buffers.floats(out, queries),
                    Buffers.floats(lse, shape.batch() * shape.heads() * shape.time()),
                    Buffers.floats(dq, queries),
                    Buffers.floats(dk, keys),
                    Buffers.floats(dv, keys));
        }

        @Override
        public void close() {
            buffers.close();
        }
    }

    static List<AttentionShape> shapes() {
        List<AttentionShape> shapes = new ArrayList<>(List.of(
                new AttentionShape(1, 1, 1, 1, 1, 0),
                new AttentionShape(2, 1, 2, 1, 6, 5),
                new AttentionShape(1, 64, 1, 1, 64, 64),
                new AttentionShape(1, 65, 2, 2, 16, 0),
                new AttentionShape(1, 128, 2, 1, 128, 63),
                new AttentionShape(1, 300, 4, 2, 12, 100),
                new AttentionShape(2, 129, 3, 1, 8, 1000),
                new AttentionShape(1, 200, 1, 1, 40, 1)));
        Random random = new Random(7);
        int[] sizes = {6, 8, 12, 16, 33, 64, 128};
        for (int i = 0; i < 40; i++) {
            int kvHeads = 1 + random.nextInt(3);
            int time = 1 + random.nextInt(random.nextBoolean() ? 300 : 40);
            shapes.add(new AttentionShape(
                    1 + random.nextInt(2),
                    time,
                    kvHeads * (1 + random.nextInt(3)),
                    kvHeads,
                    sizes[random.nextInt(sizes.length)],
                    random.nextBoolean() ? time : random.nextInt(time)));
        }
        return shapes;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    @DisplayName("out = softmax(scale q kᵀ, hidden by causality and window) v; and its gradients")
    void agreesWithTheDefinition(AttentionShape shape) {
        try (Case c = new Case(shape, 1, 3);
                Parallel pool = new Parallel(2, Products.of(true))) {
            c.forward(pool).run();
            NaiveAttention.Forward expected = c.naive().forward();
            Buffers.assertClose(expected.out(), Buffers.floats(c.out, c.queries), 1e-6, "out");
            Buffers.assertClose(expected.lse(), Buffers.floats(c.lse, expected.lse().length), 1e-6, "lse");
            c.backward(pool).run();
            NaiveAttention.Gradient gradient = c.naive().gradient(Buffers.doubles(c.dOut, c.queries));
            Buffers.assertClose(gradient.v(), Buffers.floats(c.dv, c.keys), 2e-6, "dv");
            Buffers.assertClose(gradient.q(), Buffers.floats(c.dq, c.queries), 3e-6, "dq");
            Buffers.assertClose(gradient.k(), Buffers.floats(c.dk, c.keys), 3e-6, "dk");
            c.buffers.checkGuards();
        }
    }

    @Test
    @DisplayName("the same bytes with one thread, two, and five")
    void threadsDoNotMatter() {
        AttentionShape shape = new AttentionShape(2, 211, 6, 3, 32, 90);
        try (Case c = new Case(shape, 1, 5)) {
            List<float[]> one = null;
            for (int threads : new int[] {1, 2, 5}) {
                try (Parallel pool = new Parallel(threads, Products.of(true))) {
                    c.forward(pool).run();
                    c.backward(pool).run();
                }
                List<float[]> results = c.results();
                one = one == null ? results : one;
                for (int i = 0; i < results.size(); i++) {
                    assertArrayEquals(one.get(i), results.get(i), "result " + i + " with " + threads + " threads");
                }
            }
        }
    }

    @Test
    @DisplayName("scores in the thousands neither overflow nor lose the largest key")
    void largeScores() {
        AttentionShape shape = new AttentionShape(1, 150, 2, 1, 16, 70);
        try (Case c = new Case(shape, 60, 11);
                Parallel pool = new Parallel(1, Products.of(true))) {
            c.forward(pool).run();
            c.backward(pool).run();
            NaiveAttention.Forward expected = c.naive().forward();
            NaiveAttention.Gradient gradient = c.naive().gradient(Buffers.doubles(c.dOut, c.queries));
            // Scores near 10,000 have a rounding error near 1e-3, which is the relative error of a probability.
            Buffers.assertClose(expected.out(), Buffers.floats(c.out, c.queries), 4e-3, "out");
            Buffers.assertClose(expected.lse(), Buffers.floats(c.lse, expected.lse().length), 1e-6, "lse");
            Buffers.assertClose(gradient.v(), Buffers.floats(c.dv, c.keys), 4e-3, "dv");
            Buffers.assertClose(gradient.q(), Buffers.floats(c.dq, c.queries), 4e-3, "dq");
            Buffers.assertClose(gradient.k(), Buffers.floats(c.dk, c.keys), 4e-3, "dk");
        }
    }

    @Test
    @DisplayName("running allocates nothing once compiled")
    void allocatesNothing() {
        AttentionShape shape = new AttentionShape(1, 130, 2, 1, 48, 100);
        try (Case c = new Case(shape, 1, 13);
                Parallel pool = new Parallel(1, Products.of(true))) {
            Buffers.assertAllocatesNothing(c.forward(pool), 3000);
            Buffers.assertAllocatesNothing(c.backward(pool), 1500);
        }
    }
}
