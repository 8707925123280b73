package org.nanochat4j.engine.testbed;

import java.util.List;
import org.nanochat4j.engine.op.ArgMax;
import org.nanochat4j.engine.op.Concat;
import org.nanochat4j.engine.op.Dot;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.Pad;
import org.nanochat4j.engine.op.Reshape;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.RowDot;
import org.nanochat4j.engine.op.ShiftTime;
import org.nanochat4j.engine.op.Slice;
import org.nanochat4j.engine.op.Sum;
import org.nanochat4j.engine.op.SumRows;
import org.nanochat4j.engine.op.SumSquares;
import org.nanochat4j.engine.op.TopKSample;

/** Samples of reductions, of row-wise ops and of ops that move rows about. */
final class RowSamples {
    private static final float EPS = 0x1p-23f;

    private RowSamples() {}

    static void addTo(OpCatalogue catalogue) {
        reductions(catalogue);
        norms(catalogue);
        layout(catalogue);
        tables(catalogue);
    }

    private static void reductions(OpCatalogue catalogue) {
        catalogue.add(
                Sum.class,
                d -> Sample.of((_, x) -> List.of(x.get(0).sum()), d.f32(d.dims(1, 3)))
                        .within(3e-5)
                        .gradientOf(0));
        catalogue.add(
                Sum.class,
                "mean",
                d -> Sample.of((_, x) -> List.of(x.get(0).mean()), d.f32(d.dims(1, 3)))
                        .gradientOf(0));
        catalogue.add(
                Sum.class,
                "large",
                d -> Sample.of((_, x) -> List.of(x.get(0).sum()), d.f32(d.dim(4, 263_169, 100_003)))
                        .within(5e-5));
        catalogue.add(
                SumRows.class,
                d -> Sample.of((_, x) -> List.of(x.get(0).sumRows()), d.f32(d.dims(1, 3)))
                        .within(1e-5)
                        .gradientOf(0));
        catalogue.add(
                SumRows.class,
                "many rows",
                d -> Sample.of((_, x) -> List.of(x.get(0).sumRows()), d.f32(d.dim(4, 5_003, 2_049), d.dim(3, 1, 31)))
                        .within(3e-5));
        catalogue.add(
                SumSquares.class,
                d -> Sample.of((_, x) -> List.of(x.get(0).sumSquares()), d.f32(d.dims(1, 3)))
                        .gradientOf(0));
        catalogue.add(Dot.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of((_, x) -> List.of(x.get(0).dot(x.get(1))), d.f32(dims), d.f32(dims))
                    .within(3e-5)
                    .gradientOf(0, 1);
        });
        catalogue.add(RowDot.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of((_, x) -> List.of(x.get(0).rowDot(x.get(1))), d.f32(dims), d.f32(dims))
                    .within(5e-6)
                    .gradientOf(0, 1);
        });
    }

    private static void norms(OpCatalogue catalogue) {
        catalogue.add(
                RmsNorm.class,
                d -> Sample.of((_, x) -> List.of(x.get(0).rmsNorm(EPS)), d.f32(d.dims(1, 4)))
                        .gradientOf(0));
        catalogue.add(
                RmsNorm.class,
                "large eps",
                d -> Sample.of((_, x) -> List.of(x.get(0).rmsNorm(0.5f)), d.f32(d.dims(1, 3)))
                        .gradientOf(0));
        catalogue.add(RmsNormGrad.class, d -> {
            int[] dims = d.dims(1, 4);
            return Sample.of((i, x) -> i.apply(new RmsNormGrad(0.01f), x), d.f32(dims), d.f32(dims))
                    .within(1e-5);
        });
        catalogue.add(
                ArgMax.class, "ties", d -> Sample.of((_, x) -> List.of(x.get(0).argMax()), d.ties(d.dim(), d.dim())));
        catalogue.add(ArgMax.class, d -> Sample.of((_, x) -> List.of(x.get(0).argMax()), d.f32(d.dim(), d.dim())));
        catalogue.add(TopKSample.class, d -> {
            int rows = d.dim();
            int vocabulary = d.dim();
            int k = d.between(0, vocabulary + 1);
            return Sample.of(
                    (_, x) -> List.of(x.get(0).topKSample(k, x.get(1), x.get(2))),
                    d.f32(rows, vocabulary),
                    d.values(0.7),
                    d.uniform(0, 1, rows));
        });
        catalogue.add(TopKSample.class, "temperature 0, ties", d -> {
            int rows = d.dim();
            return Sample.of(
                    (_, x) -> List.of(x.get(0).topKSample(3, x.get(1), x.get(2))),
                    d.ties(rows, d.dim()),
                    d.values(0),
                    d.uniform(0, 1, rows));
        });
        catalogue.add(TopKSample.class, "ties", d -> {
            int rows = d.dim();
            return Sample.of(
                    (_, x) -> List.of(x.get(0).topKSample(2, x.get(1), x.get(2))),
                    d.ties(rows, d.dim()),
                    d.values(1.5),
                    d.uniform(0, 1, rows));
        });
    }

    private static void layout(OpCatalogue catalogue) {
        catalogue.add(Reshape.class, d -> {
            int[] dims = d.dims(2, 2);
            return Sample.of(
                            (_, x) -> List.of(
                                    x.get(0).reshape(dims[1], 1, dims[0]).scale(2f)),
                            d.f32(dims))
                    .gradientOf(0);
        });
        catalogue.add(Slice.class, d -> {
            int[] dims = d.dims(1, 4);
            int axis = d.between(0, dims.length - 1);
            int start = d.between(0, dims[axis] - 1);
            dims[axis] += 1; // so that no range is all of it
            int length = d.between(1, dims[axis] - 1 - start);
            return Sample.of((_, x) -> List.of(x.get(0).slice(axis, start, length)), d.f32(dims))
                    .within(0)
                    .gradientOf(0);
        });
        catalogue.add(Pad.class, d -> {
            int[] dims = d.dims(1, 4);
            int axis = d.between(0, dims.length - 1);
            int before = d.between(0, 3);
            int after = d.between(0, 3);
            return Sample.of((_, x) -> List.of(x.get(0).pad(axis - dims.length, before, after)), d.f32(dims))
                    .within(0)
                    .gradientOf(0);
        });
        catalogue.add(Concat.class, d -> {
            int[] dims = d.dims(1, 4);
            int axis = d.between(0, dims.length - 1);
            int[] other = dims.clone();
            other[axis] = d.dim();
            return Sample.of((_, x) -> List.of(x.get(0).concat(axis, x.get(1))), d.f32(dims), d.f32(other))
                    .within(0)
                    .gradientOf(0, 1);
        });
        catalogue.add(Concat.class, "three", d -> {
            int[] dims = d.dims(1, 3);
            int axis = d.between(0, dims.length - 1);
            int[] other = dims.clone();
            other[axis] = d.dim();
            return Sample.of((i, x) -> i.apply(new Concat(axis), x), d.f32(dims), d.f32(other), d.f32(dims))
                    .within(0)
                    .gradientOf(0, 1, 2);
        });
        catalogue.add(ShiftTime.class, d -> {
            int time = d.dim();
            int steps = d.between(-3, 3);
            return Sample.of((_, x) -> List.of(x.get(0).shiftTime(steps)), d.f32(d.between(1, 3), time, d.dim()))
                    .within(0)
                    .gradientOf(0);
        });
    }

    private static void tables(OpCatalogue catalogue) {
        catalogue.add(Embedding.class, d -> {
            int vocabulary = d.dim();
            return Sample.of(
                            (_, x) -> List.of(x.get(0).embedding(x.get(1))),
                            d.f32(vocabulary, d.dim()),
                            d.ints(0, vocabulary - 1, d.dims(1, 2)))
                    .within(0)
                    .gradientOf(0);
        });
        catalogue.add(EmbeddingGrad.class, d -> {
            int vocabulary = d.dim();
            int rows = d.dim();
            int time = d.dim(4, 1, 7, 40);
            return Sample.of(
                            (i, x) -> i.apply(new EmbeddingGrad(vocabulary), x),
                            d.f32(rows, time, d.dim()),
                            d.ints(0, vocabulary - 1, rows, time))
                    .within(5e-6)
                    .gradientOf(0);
        });
    }
}
