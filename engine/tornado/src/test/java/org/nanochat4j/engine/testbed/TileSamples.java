package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.ArgMax;
import org.nanochat4j.engine.op.CachedAttention;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.Dot;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.RowDot;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.op.Sum;
import org.nanochat4j.engine.op.SumRows;
import org.nanochat4j.engine.op.SumSquares;
import org.nanochat4j.engine.op.TopKSample;
import org.nanochat4j.engine.testbed.OpCatalogue.Entry;
import org.nanochat4j.engine.testbed.Sample.Input;

/**
 * Samples that are just larger than what a work-group takes at once: than one tile of a product, one slice of its depth, one strip of columns, one turn of a loop. What goes
 * wrong between two of them shows there, and they are small enough to be run several times with everything checked.
 */
final class TileSamples {
    /** More columns than a group has items, and than a quarter of them. */
    private static final int LONG_ROW = 300;

    /** Ops with items that work together in kernels of their own over BF16; the others are widened, or work element by element. */
    private static final Set<Class<?>> GROUPED_BF16 = Set.of(
            CausalAttention.class,
            CausalAttentionGrad.class,
            MatMul.class,
            RmsNorm.class,
            RmsNormGrad.class,
            SoftcapCrossEntropy.class);

    private TileSamples() {}

    static Stream<Entry> entries() {
        return Stream.concat(tiled(), grouped());
    }

    /** Those of ops that have kernels of their own over BF16. */
    static Stream<Entry> bf16() {
        return entries().filter(entry -> GROUPED_BF16.contains(entry.op())).map(Bf16Samples::of);
    }

    /** Matrix products and attention, whose kernels are others on a processor and on a GPU. */
    private static Stream<Entry> tiled() {
        List<Entry> entries = new ArrayList<>();
        for (boolean a : new boolean[] {false, true}) {
            for (boolean b : new boolean[] {false, true}) {
                String flags = (a ? "T" : "N") + (b ? "T" : "N");
                entries.add(entry(flags, new MatMul(a, b), 5e-6, d -> {
                    Input left = a ? d.f32(17, 65) : d.f32(65, 17);
                    return List.of(left, b ? d.f32(66, 17) : d.f32(17, 66));
                }));
            }
        }
        Op product = new MatMul(false, false);
        entries.add(entry("stack", product, 5e-6, d -> List.of(d.f32(2, 3, 18), d.f32(2, 18, 5))));
        entries.add(entry("", new Logits(15, 66), 5e-6, d -> List.of(d.f32(5, 17), d.f32(67, 17))));
        entries.add(entry("with its gradients", new SoftcapCrossEntropy(15, LONG_ROW, true), 1e-5, d -> {
            Input targets = d.ints(-1, LONG_ROW - 1, 5);
            targets.values()[1] = LONG_ROW - 1;
            return List.of(d.f32(5, 17), d.normal(0.5, LONG_ROW + 3, 17), targets);
        }));
        entries.add(entry("", new CausalAttention(40, 0.25f), 5e-6, d -> heads(d, 2, 1, 1)));
        entries.add(new Entry(CausalAttentionGrad.class, "tiles", TileSamples::attentionGrad));
        return entries.stream();
    }

    private static Sample attentionGrad(Draw d) {
        Input[] inputs = heads(d, 2, 1, 1, 2).toArray(Input[]::new);
        Sample.Application application = (i, x) -> {
            List<Tensor> operands = new ArrayList<>(x.subList(0, 3));
            operands.addAll(i.apply(new CausalAttention(40, 0.25f), x.subList(0, 3)));
            operands.add(x.get(3));
            return i.apply(new CausalAttentionGrad(40, 0.25f), operands);
        };
        return Sample.of(application, inputs).within(1e-5);
    }

    /** Tensors of (1, 65, heads, 17). */
    private static List<Input> heads(Draw d, int... heads) {
        List<Input> inputs = new ArrayList<>();
        for (int count : heads) {
            inputs.add(d.f32(1, 65, count, 17));
        }
        return inputs;
    }

    /** Everything else whose items work together, or of which there are several groups. */
    private static Stream<Entry> grouped() {
        return Stream.of(
                entry("", new CachedAttention(200, 0.3f), 2e-6, TileSamples::cached),
                entry("", new Sum(), 3e-5, d -> List.of(d.f32(4100))),
                entry("", new SumSquares(), 1e-5, d -> List.of(d.f32(4100))),
                entry("", new Dot(), 3e-5, d -> List.of(d.f32(4100), d.f32(4100))),
                entry("", new SumRows(), 1e-5, d -> List.of(d.f32(20, 40))),
                entry("", new RowDot(), 5e-6, d -> List.of(d.f32(3, LONG_ROW), d.f32(3, LONG_ROW))),
                entry("", new RmsNorm(0.01f), 1e-6, d -> List.of(d.f32(3, LONG_ROW))),
                entry("", new RmsNormGrad(0.01f), 1e-5, d -> List.of(d.f32(3, LONG_ROW), d.f32(3, LONG_ROW))),
                entry("", new Add(), 5e-7, d -> List.of(d.f32(9, 40), d.f32(9, 40))),
                entry("row", new Add(), 5e-7, d -> List.of(d.f32(9, 40), d.f32(40))),
                entry("ties", new ArgMax(), 0, d -> List.of(d.ties(3, LONG_ROW))),
                entry("3 of " + LONG_ROW, new TopKSample(3), 0, TileSamples::sampling),
                entry("40 of " + LONG_ROW, new TopKSample(40), 0, TileSamples::sampling),
                entry("all of " + LONG_ROW, new TopKSample(0), 0, TileSamples::sampling),
                entry("", new EmbeddingGrad(1030), 5e-6, d -> List.of(d.f32(2, 10, 40), d.ints(0, 1029, 2, 10))),
                entry("", new AdamWStep(0.8f, 0.95f, 1e-10f, 0.01f), 5e-7, TileSamples::adamW),
                entry("", new MuonNormalize(), 5e-7, d -> List.of(d.f32(2, 260, 3))),
                entry("tall", new MuonUpdate(0.9f), 5e-7, d -> update(d, 260, 3)),
                entry("wide", new MuonUpdate(0.9f), 5e-7, d -> update(d, 10, 260)));
    }

    private static List<Input> cached(Draw d) {
        Input positions = d.ints(3, 3, 2);
        positions.values()[0] = 130;
        return List.of(d.f32(2, 1, 2, 8), d.f32(2, 131, 1, 8), d.f32(2, 131, 1, 8), positions);
    }

    private static List<Input> adamW(Draw d) {
        return List.of(
                d.f32(LONG_ROW).inPlace(),
                d.f32(LONG_ROW),
                d.f32(LONG_ROW).inPlace(),
                d.uniform(0.01, 2, LONG_ROW).inPlace(),
                d.values(0.02, 0.5, 0.2));
    }

    private static List<Input> sampling(Draw d) {
        return List.of(d.f32(2, LONG_ROW), d.values(0.7), d.uniform(0, 1, 2));
    }

    private static List<Input> update(Draw d, int rows, int columns) {
        Input second = rows >= columns ? d.uniform(0.1, 1, 1, rows, 1) : d.uniform(0.1, 1, 1, 1, columns);
        return List.of(
                second.inPlace(),
                d.values(0.02, 0.95, 0.28),
                d.f32(1, rows, columns),
                d.f32(rows, columns).inPlace());
    }

    private static Entry entry(String variant, Op op, double tolerance, Function<Draw, List<Input>> inputs) {
        Function<Draw, Sample> sample = d -> {
            Input[] operands = inputs.apply(d).toArray(Input[]::new);
            return Sample.of((i, x) -> i.apply(op, x), operands).within(tolerance);
        };
        return new Entry(op.getClass(), (variant + " tiles").strip(), sample);
    }
}
