package org.nanochat4j.engine.testbed;

import java.util.List;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Axpby;
import org.nanochat4j.engine.op.Cast;
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.op.Fill;
import org.nanochat4j.engine.op.Mix;
import org.nanochat4j.engine.op.Mul;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.op.Scale;
import org.nanochat4j.engine.op.ScaleBy;
import org.nanochat4j.engine.op.ScaleRows;
import org.nanochat4j.engine.op.Sigmoid;
import org.nanochat4j.engine.op.SigmoidGrad;
import org.nanochat4j.engine.op.Zero;

/** Samples of ops that work element by element. */
final class ElementwiseSamples {
    private ElementwiseSamples() {}

    static void addTo(OpCatalogue catalogue) {
        catalogue.add(Add.class, "same shape", d -> {
            int[] dims = d.dims(1, 4);
            return Sample.of((_, x) -> List.of(x.get(0).add(x.get(1))), d.f32(dims), d.f32(dims))
                    .gradientOf(0, 1);
        });
        catalogue.add(Add.class, "row vector", d -> {
            int[] dims = d.dims(2, 3);
            return Sample.of((_, x) -> List.of(x.get(0).add(x.get(1))), d.f32(dims), d.f32(dims[dims.length - 1]))
                    .gradientOf(0, 1);
        });
        catalogue.add(Axpby.class, d -> {
            int[] dims = d.dims(1, 3);
            float alpha = d.between(-30, 30) / 10f;
            return Sample.of((_, x) -> List.of(x.get(0).axpby(alpha, x.get(1), -0.7f)), d.f32(dims), d.f32(dims))
                    .gradientOf(0, 1);
        });
        catalogue.add(Axpby.class, "difference", d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of((_, x) -> List.of(x.get(0).sub(x.get(1))), d.f32(dims), d.f32(dims))
                    .gradientOf(0, 1);
        });
        catalogue.add(Mul.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of((_, x) -> List.of(x.get(0).mul(x.get(1))), d.f32(dims), d.f32(dims))
                    .gradientOf(0, 1);
        });
        catalogue.add(Mix.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of(
                            (_, x) -> List.of(x.get(1).mix(x.get(0), x.get(3), x.get(2))),
                            d.f32(1),
                            d.f32(dims),
                            d.f32(1),
                            d.f32(dims))
                    .gradientOf(0, 1, 2, 3);
        });
        catalogue.add(
                Scale.class,
                d -> Sample.of((_, x) -> List.of(x.get(0).scale(-1.7f)), d.f32(d.dims(1, 3)))
                        .gradientOf(0));
        catalogue.add(
                ScaleBy.class,
                d -> Sample.of((_, x) -> List.of(x.get(0).scaleBy(x.get(1))), d.f32(d.dims(1, 3)), d.f32(1))
                        .gradientOf(0, 1));
        catalogue.add(ScaleRows.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of(
                            (_, x) -> List.of(x.get(0).scaleRows(x.get(1))),
                            d.f32(dims),
                            d.f32(Shape.of(dims).dropLast().dims()))
                    .gradientOf(0, 1);
        });
        catalogue.add(
                ReluSquared.class,
                d -> Sample.of((_, x) -> List.of(x.get(0).reluSquared()), d.f32(d.dims(1, 3)))
                        .gradientOf(0));
        catalogue.add(ReluSquaredGrad.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of((i, x) -> i.apply(new ReluSquaredGrad(), x), d.f32(dims), d.f32(dims));
        });
        catalogue.add(
                Sigmoid.class,
                d -> Sample.of((_, x) -> List.of(x.get(0).sigmoid()), d.normal(3, d.dims(1, 3)))
                        .gradientOf(0));
        catalogue.add(
                Sigmoid.class,
                "far from zero",
                d -> Sample.of((_, x) -> List.of(x.get(0).sigmoid()), d.normal(60, d.dims(1, 3))));
        catalogue.add(SigmoidGrad.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of((i, x) -> i.apply(new SigmoidGrad(), x), d.uniform(0, 1, dims), d.f32(dims));
        });
        catalogue.add(Fill.class, d -> {
            Shape shape = Shape.of(d.dims(1, 3));
            return Sample.of((i, x) -> i.apply(new Fill(shape, 0.3f), x));
        });
        catalogue.add(
                Cast.class,
                "to BF16",
                d -> Sample.of((_, x) -> List.of(x.get(0).cast(DType.BF16)), d.f32(d.dims(1, 3)))
                        .within(0));
        catalogue.add(
                Cast.class,
                "from BF16",
                d -> Sample.of((_, x) -> List.of(x.get(0).cast(DType.F32)), d.bf16(d.dims(1, 3)))
                        .within(0));
        catalogue.add(Accumulate.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of((i, x) -> i.apply(new Accumulate(), x), d.f32(dims).inPlace(), d.f32(dims));
        });
        catalogue.add(Assign.class, d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of((i, x) -> i.apply(new Assign(), x), d.f32(dims).inPlace(), d.f32(dims))
                    .within(0);
        });
        catalogue.add(Assign.class, "integers", d -> {
            int[] dims = d.dims(1, 3);
            return Sample.of(
                            (i, x) -> i.apply(new Assign(), x),
                            d.ints(-9, 9, dims).inPlace(),
                            d.ints(-9, 9, dims))
                    .within(0);
        });
        catalogue.add(
                Zero.class,
                d -> Sample.of(
                                (i, x) -> i.apply(new Zero(), x),
                                d.f32(d.dims(1, 3)).inPlace())
                        .within(0));
        catalogue.add(
                CustomOp.class,
                d -> Sample.of((i, x) -> i.apply(new Softplus(), x), d.f32(d.dims(1, 3)))
                        .gradientOf(0));
    }
}
