package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.op.CachedAttention;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.KvAppend;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.testbed.Sample.Input;

/** Samples of rotary embedding, attention and the key-value cache. */
final class AttentionSamples {
    private AttentionSamples() {}

    /** Extents of one attention call. */
    private record Heads(int batch, int time, int heads, int groups, int size, int window) {
        static Heads of(Draw d) {
            int groups = d.between(1, 3);
            int time = d.dim(5, 1, 7, 16, 33, 64, 65, 100, 130);
            int window = d.flip() ? d.between(0, time) : time + d.between(0, 5);
            return new Heads(
                    d.between(1, 2), time, groups * d.between(1, 2), groups, d.dim(3, 1, 4, 8, 20, 32, 64), window);
        }

        Input queries(Draw d) {
            return d.f32(batch, time, heads, size);
        }

        Input keys(Draw d) {
            return d.f32(batch, time, groups, size);
        }

        float scale() {
            return (float) (1 / Math.sqrt(size));
        }
    }

    static void addTo(OpCatalogue catalogue) {
        catalogue.add(CausalAttention.class, d -> {
            Heads h = Heads.of(d);
            return Sample.of(
                            (_, x) -> List.of(x.get(0).causalAttention(x.get(1), x.get(2), h.window(), h.scale())),
                            h.queries(d),
                            h.keys(d),
                            h.keys(d))
                    .within(5e-6)
                    .gradientOf(0, 1, 2);
        });
        catalogue.add(CausalAttention.class, "with its log-sum-exp", d -> {
            Heads h = Heads.of(d);
            return Sample.of(
                            (i, x) -> i.apply(new CausalAttention(h.window(), 2 * h.scale()), x),
                            h.queries(d),
                            h.keys(d),
                            h.keys(d))
                    .within(1e-5)
                    .gradientOf(0, 1, 2);
        });
        catalogue.add(CausalAttentionGrad.class, d -> {
            Heads h = Heads.of(d);
            return Sample.of(
                            (i, x) -> {
                                List<Tensor> operands = new ArrayList<>(x.subList(0, 3));
                                operands.addAll(i.apply(new CausalAttention(h.window(), h.scale()), x.subList(0, 3)));
                                operands.add(x.get(3));
                                return i.apply(new CausalAttentionGrad(h.window(), h.scale()), operands);
                            },
                            h.queries(d),
                            h.keys(d),
                            h.keys(d),
                            h.queries(d))
                    .within(1e-5);
        });
        catalogue.add(CachedAttention.class, d -> {
            Heads h = Heads.of(d);
            return Sample.of(
                            (i, x) -> i.apply(new CachedAttention(h.window(), h.scale()), x),
                            d.f32(h.batch(), 1, h.heads(), h.size()),
                            h.keys(d),
                            h.keys(d),
                            d.ints(0, h.time() - 1, h.batch()))
                    .within(2e-6);
        });
        catalogue.add(KvAppend.class, d -> {
            Heads h = Heads.of(d);
            int room = h.time() + d.between(0, 9);
            return Sample.of(
                            (i, x) -> i.apply(new KvAppend(), x),
                            d.f32(h.batch(), room, h.groups(), h.size()).inPlace(),
                            h.keys(d),
                            d.ints(0, room, h.batch()))
                    .within(0);
        });
        for (boolean inverse : new boolean[] {false, true}) {
            catalogue.add(Rope.class, inverse ? "inverse" : "", d -> {
                Heads h = Heads.of(d);
                int positions = h.time() + d.between(0, 9);
                return Sample.of(
                                (i, x) -> inverse
                                        ? i.apply(new Rope(true), x)
                                        : List.of(x.get(0).rope(x.get(1), x.get(2), x.get(3))),
                                d.f32(h.batch(), h.time(), h.heads(), 2 * h.size()),
                                d.uniform(-1, 1, positions, h.size()),
                                d.uniform(-1, 1, positions, h.size()),
                                d.ints(0, positions - h.time(), h.batch()))
                        .gradientOf(0);
            });
        }
    }
}
