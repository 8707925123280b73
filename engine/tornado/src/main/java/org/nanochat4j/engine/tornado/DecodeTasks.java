package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.tornado.kernels.CopyKernels;
import org.nanochat4j.engine.tornado.kernels.DecodeKernels;
import org.nanochat4j.engine.tornado.kernels.Heads;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.SamplingKernels;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** Tasks of ops that generate text: attention over a cache, and choosing tokens. */
final class DecodeTasks {
    private DecodeTasks() {}

    static void attention(Work w, int window, float scale) {
        AttentionTasks.requireHeadSize(w);
        Shape shape = w.shape(0); // (B, 1, H, D)
        Shape cache = w.shape(1); // (B, P, Hkv, D)
        Place q = w.in(0);
        Place keys = w.in(1);
        Place values = w.in(2);
        Place positions = w.in(3);
        Place y = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        DecodeKernels::attention,
                        w.context(),
                        scale,
                        q.floats(),
                        q.at(),
                        keys.floats(),
                        keys.at(),
                        values.floats(),
                        values.at(),
                        positions.ints(),
                        positions.at(),
                        y.floats(),
                        y.at(),
                        cache.dim(1),
                        Heads.pack(shape.dim(2), cache.dim(2)),
                        shape.dim(3),
                        Math.min(window, cache.dim(1))),
                DecodeKernels.launch(shape.dim(0), shape.dim(2)));
    }

    static void append(Work w) {
        Shape shape = w.shape(1); // (B, T, Hkv, D)
        Place cache = w.in(0);
        Place x = w.in(1);
        Place start = w.in(2);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        CopyKernels::append,
                        w.context(),
                        x.floats(),
                        x.at(),
                        start.ints(),
                        start.at(),
                        cache.floats(),
                        cache.at(),
                        shape.dim(0),
                        shape.dim(1),
                        w.shape(0).dim(1),
                        shape.dim(2) * shape.dim(3)),
                Launch.elements(shape.elements()));
    }

    static void argMax(Work w) {
        Place x = w.in(0);
        Place y = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        SamplingKernels::argMax,
                        w.context(),
                        x.floats(),
                        x.at(),
                        y.ints(),
                        y.at(),
                        w.columns(0)),
                SamplingKernels.launch(w.rows(0)));
    }

    static void sample(Work w, int candidates) {
        Place logits = w.in(0);
        Place temperature = w.in(1);
        Place uniform = w.in(2);
        Place scratch = w.scratch();
        Place y = w.out(0);
        w.add(
                TaskPackage.createPackage(
                        w.next(),
                        SamplingKernels::sample,
                        w.context(),
                        candidates,
                        logits.floats(),
                        logits.at(),
                        temperature.floats(),
                        temperature.at(),
                        uniform.floats(),
                        uniform.at(),
                        scratch.floats(),
                        scratch.at(),
                        y.ints(),
                        y.at(),
                        w.columns(0)),
                SamplingKernels.launch(w.rows(0)));
    }
}
