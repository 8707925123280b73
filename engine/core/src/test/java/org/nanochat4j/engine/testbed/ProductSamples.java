package org.nanochat4j.engine.testbed;

import java.util.List;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.testbed.Sample.Input;

/** Samples of matrix products and of the fused vocabulary projections. */
final class ProductSamples {
    /** End of the variants whose weights take fewer bytes than F32, which not every backend has. */
    static final String NARROW = " weights";

    private ProductSamples() {}

    static void addTo(OpCatalogue catalogue) {
        products(catalogue);
        heads(catalogue);
        narrow(catalogue);
    }

    private static void products(OpCatalogue catalogue) {
        for (boolean transposeA : new boolean[] {false, true}) {
            for (boolean transposeB : new boolean[] {false, true}) {
                String flags = (transposeA ? "T" : "N") + (transposeB ? "T" : "N");
                catalogue.add(MatMul.class, flags, d -> {
                    int m = extent(d);
                    int n = extent(d);
                    int k = extent(d);
                    return Sample.of(
                                    (i, x) -> i.apply(new MatMul(transposeA, transposeB), x),
                                    transposeA ? d.f32(k, m) : d.f32(m, k),
                                    transposeB ? d.f32(n, k) : d.f32(k, n))
                            .within(5e-6)
                            .gradientOf(0, 1);
                });
                catalogue.add(MatMul.class, "stack " + flags, d -> {
                    int stack = d.between(1, 4);
                    int m = d.dim();
                    int n = d.dim();
                    int k = d.dim();
                    return Sample.of(
                                    (i, x) -> i.apply(new MatMul(transposeA, transposeB), x),
                                    transposeA ? d.f32(stack, k, m) : d.f32(stack, m, k),
                                    transposeB ? d.f32(stack, n, k) : d.f32(stack, k, n))
                            .within(5e-6)
                            .gradientOf(0, 1);
                });
            }
        }
        catalogue.add(MatMul.class, "of a vector", d -> {
            int k = d.dim();
            return Sample.of((_, x) -> List.of(x.get(0).matmul(x.get(1))), d.f32(k), d.f32(k, d.dim()))
                    .within(5e-6)
                    .gradientOf(0, 1);
        });
        catalogue.add(MatMul.class, "of rows with a transposed weight", d -> {
            int k = d.dim();
            return Sample.of(
                            (_, x) -> List.of(x.get(0).matmulTransposed(x.get(1))),
                            d.f32(d.between(1, 3), d.dim(), k),
                            d.f32(d.dim(), k))
                    .within(5e-6)
                    .gradientOf(0, 1);
        });
    }

    /** Rows times weights of two bytes and of one, from one row to more than what decoding has. */
    private static void narrow(OpCatalogue catalogue) {
        catalogue.add(MatMul.class, "BF16" + NARROW, d -> {
            int k = extent(d);
            return Sample.of(
                            (_, x) -> List.of(x.get(0).matmulTransposed(x.get(1))),
                            d.f32(d.between(1, 9), k),
                            d.bf16(extent(d), k))
                    .within(5e-6);
        });
        catalogue.add(MatMul.class, "I8" + NARROW, d -> {
            int k = extent(d);
            int n = extent(d);
            return Sample.of(
                            (_, x) -> List.of(x.get(0).matmulTransposed(x.get(1), x.get(2))),
                            d.f32(1, d.between(1, 9), k),
                            d.bytes(n, k),
                            d.uniform(0.001, 0.1, n))
                    .within(5e-6);
        });
        catalogue.add(Logits.class, "BF16" + NARROW, d -> {
            int k = extent(d);
            int vocabulary = extent(d);
            return Sample.of(
                            (_, x) -> List.of(x.get(0).logits(x.get(1), 15, vocabulary)),
                            d.f32(d.between(1, 9), k),
                            d.bf16(vocabulary + d.between(0, 3), k))
                    .within(5e-6);
        });
        catalogue.add(Logits.class, "I8" + NARROW, d -> {
            int k = extent(d);
            int vocabulary = extent(d);
            int padded = vocabulary + d.between(0, 3);
            return Sample.of(
                            (_, x) -> List.of(x.get(0).logits(x.get(1), x.get(2), Float.POSITIVE_INFINITY, vocabulary)),
                            d.f32(d.between(1, 9), k),
                            d.bytes(padded, k),
                            d.uniform(0.001, 0.1, padded))
                    .within(5e-6);
        });
    }

    private static int extent(Draw d) {
        return d.dim(4, 1, 2, 5, 13, 16, 31, 48, 63, 65, 97, 128, 130, 200, 257);
    }

    private static void heads(OpCatalogue catalogue) {
        catalogue.add(
                Logits.class,
                d -> head(
                                d,
                                (c, v, x) -> List.of(x.get(0).logits(x.get(1), c, v)),
                                d.flip() ? 15 : Float.POSITIVE_INFINITY)
                        .within(5e-6));
        catalogue.add(
                SoftcapCrossEntropy.class,
                "capped",
                d -> head(d, ProductSamples::loss, 2).within(2e-6).gradientOf(0, 1));
        catalogue.add(
                SoftcapCrossEntropy.class,
                "not capped",
                d -> head(d, ProductSamples::loss, Float.POSITIVE_INFINITY)
                        .within(2e-6)
                        .gradientOf(0, 1));
        catalogue.add(
                SoftcapCrossEntropy.class,
                "with its gradients",
                d -> head(d, (c, v, x) -> x.get(0).apply(new SoftcapCrossEntropy(c, v, true), x), 15)
                        .within(1e-5)
                        .gradientOf(0, 1));
    }

    private static List<org.nanochat4j.engine.Tensor> loss(
            float cap, int vocabulary, List<org.nanochat4j.engine.Tensor> x) {
        var loss = x.get(0).softcapCrossEntropy(x.get(1), x.get(2), cap, vocabulary);
        return List.of(loss.mean(), loss.rows());
    }

    /** What is done with (x, w) or (x, w, targets). */
    private interface Head {
        List<org.nanochat4j.engine.Tensor> apply(float cap, int vocabulary, List<org.nanochat4j.engine.Tensor> x);
    }

    private static Sample head(Draw d, Head head, float cap) {
        int rows = d.dim(4, 1, 5, 33, 64, 130, 300);
        int width = d.dim(4, 1, 3, 16, 31, 64, 96);
        int vocabulary = d.dim(5, 2, 17, 61, 128, 1000) + 1;
        int padding = d.between(0, 3);
        Input targets = d.ints(-1, vocabulary - 1, rows);
        targets.values()[0] = vocabulary - 1; // at least one counts, and the last id does
        return Sample.of(
                (_, x) -> head.apply(cap, vocabulary, x),
                d.f32(rows, width),
                d.normal(2 / Math.sqrt(width), vocabulary + padding, width),
                targets);
    }
}
